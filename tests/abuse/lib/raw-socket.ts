/** A TCP connection that says whatever it likes. */
import { connect, type Socket } from 'node:net'
import type { Target } from './people.ts'

const WITHIN_MS = 30_000

export interface Raw {
  readonly socket: Socket
  /** Everything received so far. */
  bytes(): Buffer
  write(data: string | Buffer): void
  /** Resolves once what was received matches. */
  until(what: string, found: (bytes: Buffer) => boolean, withinMs?: number): Promise<Buffer>
  /** Resolves with everything once the server has hung up. */
  ended(withinMs?: number): Promise<Buffer>
  destroy(): void
}

export interface RawOptions {
  /** Stays open for writing when the server has hung up. */
  readonly allowHalfOpen?: boolean
  readonly firstBytes?: string | Buffer
}

export function openRaw(
  target: Target,
  { allowHalfOpen = false, firstBytes }: RawOptions = {},
): Promise<Raw> {
  const socket = connect({ port: target.port, host: '127.0.0.1', allowHalfOpen })
  const chunks: Buffer[] = []
  let ended = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  const finish = () => {
    ended = true
    wake()
  }
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    wake()
  })
  socket.on('end', finish).on('close', finish)
  // A reset is an answer like any other.
  socket.on('error', finish)

  const wait = (what: string, done: () => boolean, withinMs: number) =>
    new Promise<Buffer>((resolve, reject) => {
      const stop = (settle: () => void) => {
        waiting.delete(look)
        clearTimeout(timer)
        settle()
      }
      const look = () => {
        if (done()) stop(() => resolve(raw.bytes()))
        else if (ended) stop(() => reject(new Error(`${what} did not come before the end: ${raw.bytes()}`)))
      }
      const timer = setTimeout(
        () => stop(() => reject(new Error(`${what} did not come within ${withinMs} ms: ${raw.bytes()}`))),
        withinMs,
      )
      waiting.add(look)
      look()
    })
  const raw: Raw = {
    socket,
    bytes: () => Buffer.concat(chunks),
    write: (data) => void socket.write(data),
    until: (what, found, withinMs = WITHIN_MS) => wait(what, () => found(raw.bytes()), withinMs),
    ended: (withinMs = WITHIN_MS) => wait('the end', () => ended, withinMs),
    destroy: () => socket.destroy(),
  }
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      if (firstBytes !== undefined) socket.write(firstBytes)
      resolve(raw)
    })
  })
}

export function upgradeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** A raw connection that was upgraded; frames are whatever is written. */
export async function upgradeRaw(
  target: Target,
  headers: Readonly<Record<string, string>> = {},
  path = '/ws',
): Promise<Raw> {
  const raw = await openRaw(target, { firstBytes: upgradeRequest(path, headers) })
  await raw.until('the end of the handshake', (bytes) => bytes.includes('\r\n\r\n'))
  if (!raw.bytes().toString('latin1').startsWith('HTTP/1.1 101'))
    throw new Error(`not upgraded: ${raw.bytes()}`)
  return raw
}

export interface FrameShape {
  readonly opcode?: number
  readonly final?: boolean
  readonly reserved?: number
  readonly masked?: boolean
  /** What the header claims, instead of the length of the payload. */
  readonly claimed?: bigint
}

export function encodeFrame(payload: string | Buffer, shape: FrameShape = {}): Buffer {
  const { opcode = 1, final = true, reserved = 0, masked = true, claimed } = shape
  const data = Buffer.from(payload)
  const length = claimed ?? BigInt(data.length)
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode
  const bit = masked ? 0x80 : 0
  const header =
    length < 126n
      ? Buffer.from([first, bit | Number(length)])
      : length < 65_536n
        ? Buffer.from([first, bit | 126, Number(length >> 8n), Number(length & 255n)])
        : Buffer.concat([Buffer.from([first, bit | 127]), bigEndian(length)])
  // A mask of zeros is a mask: the payload stays as it is.
  return Buffer.concat([header, masked ? Buffer.alloc(4) : Buffer.alloc(0), data])
}

function bigEndian(length: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(length)
  return bytes
}

export interface ServerFrameSeen {
  readonly opcode: number
  readonly payload: Buffer
}

/** The frames of the server after its handshake, complete ones only. */
export function readFrames(bytes: Buffer): ServerFrameSeen[] {
  const frames: ServerFrameSeen[] = []
  let at = bytes.indexOf('\r\n\r\n') + 4
  while (at + 2 <= bytes.length) {
    const opcode = bytes.readUInt8(at) & 15
    let length = bytes.readUInt8(at + 1) & 127
    let start = at + 2
    if (length === 126) {
      if (start + 2 > bytes.length) break
      length = bytes.readUInt16BE(start)
      start += 2
    } else if (length === 127) {
      if (start + 8 > bytes.length) break
      length = Number(bytes.readBigUInt64BE(start))
      start += 8
    }
    if (start + length > bytes.length) break
    frames.push({ opcode, payload: bytes.subarray(start, start + length) })
    at = start + length
  }
  return frames
}

/** The code of the server's close frame; undefined while there is none. */
export function closeCode(bytes: Buffer): number | undefined {
  const close = readFrames(bytes).find((frame) => frame.opcode === 8)
  return close === undefined || close.payload.length < 2 ? undefined : close.payload.readUInt16BE(0)
}
