/**
 * The frames of an animated PNG, which our reader of pictures does not know: each is a small PNG of its own that is laid
 * upon the ones before it (https://www.w3.org/TR/png-3/#apng-frame-based-animation).
 */
import { crc32 } from 'node:zlib'

const SIGNATURE_BYTES = 8
const HEADER_BYTES = 13
const CONTROL_BYTES = 26
/** Length, type and sum around the content of a chunk. */
const CHUNK_FRAME_BYTES = 12
const DEFAULT_DELAY_DENOMINATOR = 100
/** Far more than a file of our size has, far fewer than one of empty chunks would. */
const CHUNKS_MAX = 100_000

export interface AnimatedPng {
  readonly width: number
  readonly height: number
  /** 0: for ever. */
  readonly plays: number
  readonly frames: readonly PngFrame[]
}

export interface PngFrame {
  /** As a picture of `width` by `height`, whole. */
  encode(): Uint8Array
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly delayMs: number
  /** What becomes of its place before the next one comes. */
  readonly dispose: 'keep' | 'clear' | 'restore'
  /** It replaces what is there, or lies over it. */
  readonly blend: 'replace' | 'over'
}

/** Undefined for a PNG that stands still. Throws for one whose chunks do not fit together. */
export function readAnimatedPng(file: Buffer): AnimatedPng | undefined {
  if (!isAnimated(file)) return undefined
  const chunks = [...chunksOf(file)]
  const control = chunks.find(({ type }) => type === 'acTL')
  const header = chunks.find(({ type }) => type === 'IHDR')?.data
  if (control === undefined || header?.length !== HEADER_BYTES) throw new Error('no header')
  const shared = chunks.filter(({ type }) => type === 'PLTE' || type === 'tRNS')
  const frames = framesOf(chunks).map((frame) => ({ ...frame, encode: () => encode(header, shared, frame) }))
  const width = header.readUInt32BE(0)
  const height = header.readUInt32BE(4)
  if (control.data.length !== 8 || frames.length !== control.data.readUInt32BE(0))
    throw new Error('frames are missing')
  for (const frame of frames) {
    if (frame.width === 0 || frame.height === 0) throw new Error('an empty frame')
    if (frame.x + frame.width > width || frame.y + frame.height > height)
      throw new Error('a frame beyond the picture')
  }
  return frames.length < 2 ? undefined : { width, height, plays: control.data.readUInt32BE(4), frames }
}

interface Chunk {
  readonly type: string
  readonly data: Buffer
}

/** What says so comes before the first pixels. */
function isAnimated(file: Buffer): boolean {
  for (const { type } of chunksOf(file)) {
    if (type === 'acTL') return true
    if (type === 'IDAT') return false
  }
  return false
}

function* chunksOf(file: Buffer): Generator<Chunk> {
  let chunks = 0
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME_BYTES <= file.length; ) {
    if (++chunks > CHUNKS_MAX) throw new Error('too many chunks')
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const end = at + 8 + length
    if (end + 4 > file.length) throw new Error('a chunk is cut')
    yield { type, data: file.subarray(at + 8, end) }
    if (type === 'IEND') return
    at = end + 4
  }
}

type Place = Omit<PngFrame, 'encode'> & { readonly parts: Buffer[] }

/** The picture that stands for the whole is a frame only where a control comes before it. */
function framesOf(chunks: readonly Chunk[]): Place[] {
  const frames: Place[] = []
  for (const { type, data } of chunks) {
    if (type === 'fcTL') frames.push(readControl(data))
    else if (type === 'IDAT') frames.at(-1)?.parts.push(data)
    else if (type === 'fdAT') frames.at(-1)?.parts.push(data.subarray(4))
  }
  return frames
}

function readControl(data: Buffer): Place {
  if (data.length !== CONTROL_BYTES) throw new Error('a control of the wrong length')
  const denominator = data.readUInt16BE(22) || DEFAULT_DELAY_DENOMINATOR
  const dispose = (['keep', 'clear', 'restore'] as const)[data[24] ?? 0]
  const blend = (['replace', 'over'] as const)[data[25] ?? 0]
  if (dispose === undefined || blend === undefined) throw new Error('an unknown way to lay a frame')
  return {
    width: data.readUInt32BE(4),
    height: data.readUInt32BE(8),
    x: data.readUInt32BE(12),
    y: data.readUInt32BE(16),
    delayMs: Math.round((data.readUInt16BE(20) * 1000) / denominator),
    dispose,
    blend,
    parts: [],
  }
}

function encode(header: Buffer, shared: readonly Chunk[], { width, height, parts }: Place): Buffer {
  const own = Buffer.from(header)
  own.writeUInt32BE(width, 0)
  own.writeUInt32BE(height, 4)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', own),
    ...shared.map(({ type, data }) => chunk(type, data)),
    chunk('IDAT', Buffer.concat(parts)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(CHUNK_FRAME_BYTES + data.length)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  data.copy(whole, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length)
  return whole
}
