/** Pictures made byte by byte, so that a test can also make what no program would. */
import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const TRUE_COLOUR = 2

export function pngChunk(type: string, data: Buffer, sum?: number): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const head = Buffer.alloc(4)
  head.writeUInt32BE(data.length)
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE(sum ?? crc32(body))
  return Buffer.concat([head, body, tail])
}

export function pngHeader(width: number, height: number): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data[8] = 8
  data[9] = TRUE_COLOUR
  return pngChunk('IHDR', data)
}

/** A picture of one colour; `extra` goes before its pixels, `claimed` is what its header says. */
export function makePng(
  width: number,
  height: number,
  options: { extra?: Buffer; claimed?: [number, number]; pixels?: Buffer; tail?: Buffer } = {},
): Buffer {
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x7f)])
  const pixels = options.pixels ?? deflateSync(Buffer.concat(Array.from({ length: height }, () => line)))
  return Buffer.concat([
    SIGNATURE,
    pngHeader(...(options.claimed ?? [width, height])),
    options.extra ?? Buffer.alloc(0),
    pngChunk('IDAT', pixels),
    pngChunk('IEND', Buffer.alloc(0)),
    options.tail ?? Buffer.alloc(0),
  ])
}

export interface AnimatedFrame {
  readonly colour: readonly [red: number, green: number, blue: number]
  /** x, y, width, height; the whole picture by default. */
  readonly at?: readonly [number, number, number, number]
  /** Hundredths of a second. */
  readonly delay?: number
  readonly dispose?: number
}

/** An animated PNG of such frames; `claimed` is how many it says that it has. Plays three times. */
export function makeAnimatedPng(
  width: number,
  height: number,
  frames: readonly AnimatedFrame[],
  claimed = frames.length,
): Buffer {
  let sequence = 0
  const parts: Buffer[] = []
  for (const [index, { colour, at = [0, 0, width, height], delay = 10, dispose = 0 }] of frames.entries()) {
    const [x, y, wide, tall] = at
    const control = Buffer.alloc(26)
    for (const [n, value] of [sequence++, wide, tall, x, y].entries()) control.writeUInt32BE(value, n * 4)
    control.writeUInt16BE(delay, 20)
    control.writeUInt16BE(100, 22)
    control[24] = dispose
    const line = Buffer.concat([Buffer.from([0]), ...Array.from({ length: wide }, () => Buffer.from(colour))])
    const pixels = deflateSync(Buffer.concat(Array.from({ length: tall }, () => line)))
    parts.push(pngChunk('fcTL', control))
    if (index === 0) parts.push(pngChunk('IDAT', pixels))
    else {
      const number = Buffer.alloc(4)
      number.writeUInt32BE(sequence++)
      parts.push(pngChunk('fdAT', Buffer.concat([number, pixels])))
    }
  }
  const control = Buffer.alloc(8)
  control.writeUInt32BE(claimed, 0)
  control.writeUInt32BE(3, 4)
  return Buffer.concat([
    SIGNATURE,
    pngHeader(width, height),
    pngChunk('acTL', control),
    ...parts,
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** A GIF of one colour with so many frames. */
export function makeGif(width: number, height: number, frames: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt16LE(width, 0)
  size.writeUInt16LE(height, 2)
  const head = Buffer.concat([
    Buffer.from('GIF89a'),
    size,
    Buffer.from([0x80, 0, 0]),
    Buffer.from([0, 0, 0, 0xff, 0xff, 0xff]),
    Buffer.from([0x21, 0xff, 11]),
    Buffer.from('NETSCAPE2.0'),
    Buffer.from([3, 1, 0, 0, 0]),
  ])
  const parts: Buffer[] = [head]
  for (let n = 0; n < frames; n++) {
    parts.push(
      Buffer.from([0x21, 0xf9, 4, 0, 10, 0, 0, 0]),
      Buffer.from([0x2c, 0, 0, 0, 0]),
      size,
      Buffer.from([0]),
      lzw(width * height, n % 2),
    )
  }
  return Buffer.concat([...parts, Buffer.from([0x3b])])
}

/** Uncompressed LZW: a clear code before the table grows, so that every code has three bits. */
function lzw(pixels: number, colour: number): Buffer {
  const bits: number[] = []
  const put = (code: number) => bits.push(code & 1, (code >> 1) & 1, (code >> 2) & 1)
  for (let n = 0; n < pixels; n++) {
    if (n % 2 === 0) put(4)
    put(colour)
  }
  put(5)
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8))
  bits.forEach((bit, n) => {
    bytes[n >> 3] = (bytes[n >> 3] ?? 0) | (bit << (n & 7))
  })
  const blocks = [Buffer.from([2])]
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255)
    blocks.push(Buffer.from([block.length]), block)
  }
  return Buffer.concat([...blocks, Buffer.from([0])])
}
