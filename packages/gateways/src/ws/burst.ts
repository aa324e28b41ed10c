/** Frames that many connections receive: each encoding is made once, when the first receiver needs it. */

const TEXT_FRAME = 0x81
const LENGTH_16 = 126
const LENGTH_64 = 127

/** One unmasked WebSocket text frame (RFC 6455, 5.2). */
export function encodeFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text)
  const header = bytes < LENGTH_16 ? 2 : bytes < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + bytes)
  frame[0] = TEXT_FRAME
  if (header === 2) frame[1] = bytes
  else if (header === 4) {
    frame[1] = LENGTH_16
    frame.writeUInt16BE(bytes, 2)
  } else {
    frame[1] = LENGTH_64
    frame.writeBigUInt64BE(BigInt(bytes), 2)
  }
  frame.write(text, header)
  return frame
}

export interface Burst {
  /** JSON texts, one a frame, in order. */
  readonly frames: readonly string[]
  /** The same as WebSocket frames in one buffer, shared by all sockets. */
  readonly bytes: Buffer
  /** The same as server-sent events, shared by all streams: a hundred that do not read keep one copy. */
  readonly events: Buffer
}

export function createBurst(frames: readonly string[]): Burst {
  let bytes: Buffer | undefined
  let events: Buffer | undefined
  return {
    frames,
    get events() {
      events ??= Buffer.from(frames.map((frame) => `data: ${frame}\n\n`).join(''))
      return events
    },
    get bytes() {
      if (bytes === undefined)
        bytes = frames.length === 1 ? encodeFrame(frames[0] ?? '') : Buffer.concat(frames.map(encodeFrame))
      return bytes
    },
  }
}
