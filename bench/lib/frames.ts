/**
 * WebSocket frames (RFC 6455) as a load generator needs them: what arrives is counted by walking headers, not
 * parsed; what leaves is masked by hand. At a million frames a second a library's event per message would make the
 * generator the bottleneck.
 */

export const OPCODE_TEXT = 0x1
export const OPCODE_CLOSE = 0x8
export const OPCODE_PING = 0x9
export const OPCODE_PONG = 0xa

/** A payload of at most this many bytes has a 2-byte header; only larger frames are counted as deliveries. */
export const MAX_SMALL_PAYLOAD_BYTES = 125

/** Called with each frame the walker keeps. The payload is a view into a buffer that is reused: copy to hold it. */
export type OnFrame = (opcode: number, payload: Buffer) => void

/**
 * Splits one connection's bytes into frames. Data frames of more than `MAX_SMALL_PAYLOAD_BYTES` are counted in
 * `largeFrames` and `largeBytes` (header included) whether kept or not; a frame is kept, that is handed to
 * `onFrame`, if its payload is smaller than `keepBelowBytes`. Frames may be cut anywhere between pushes.
 */
export class FrameWalker {
  largeFrames = 0
  largeBytes = 0
  keepBelowBytes: number
  #onFrame: OnFrame
  /** Bytes of the current uncounted-for payload that are still to arrive and are of no interest. */
  #skipBytes = 0
  #held: Buffer | undefined

  constructor(keepBelowBytes: number, onFrame: OnFrame) {
    this.keepBelowBytes = keepBelowBytes
    this.#onFrame = onFrame
  }

  /** Takes `buffer[0, length)`. Throws on a frame no server may send (masked, compressed, over 4 GiB). */
  push(buffer: Buffer, length: number): void {
    let bytes = buffer
    let end = length
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, buffer.subarray(0, length)])
      end = bytes.length
      this.#held = undefined
    }
    let at = 0
    if (this.#skipBytes > 0) {
      if (this.#skipBytes >= end) {
        this.#skipBytes -= end
        return
      }
      at = this.#skipBytes
      this.#skipBytes = 0
    }
    while (at < end) {
      const next = this.#walk(bytes, at, end)
      if (next < 0) {
        this.#held = Buffer.from(bytes.subarray(at, end))
        return
      }
      if (next > end) {
        this.#skipBytes = next - end
        return
      }
      at = next
    }
  }

  /** Where the frame at `at` ends (perhaps beyond `end`, to be skipped), or -1 if more bytes are needed first. */
  #walk(bytes: Buffer, at: number, end: number): number {
    if (end - at < 2) return -1
    const first = bytes[at] as number
    const second = bytes[at + 1] as number
    if ((first & 0x70) !== 0) throw new Error('a compressed or extended frame arrived')
    if ((second & 0x80) !== 0) throw new Error('a masked frame arrived from a server')
    let payloadBytes = second
    let headerBytes = 2
    if (second === 126) {
      if (end - at < 4) return -1
      payloadBytes = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
      headerBytes = 4
    } else if (second === 127) {
      if (end - at < 10) return -1
      if (bytes.readUInt32BE(at + 2) !== 0) throw new Error('a frame of more than 4 GiB arrived')
      payloadBytes = bytes.readUInt32BE(at + 6)
      headerBytes = 10
    }
    const next = at + headerBytes + payloadBytes
    const opcode = first & 0x0f
    const keep = payloadBytes < this.keepBelowBytes
    if (keep && next > end) return -1
    if (payloadBytes > MAX_SMALL_PAYLOAD_BYTES && opcode < OPCODE_CLOSE) {
      this.largeFrames++
      this.largeBytes += next - at
    }
    if (keep) this.#onFrame(opcode, bytes.subarray(at + headerBytes, next))
    return next
  }
}

/** A client's frame: final, masked with `mask` (an unsigned 32-bit integer; it hides nothing on loopback). */
export function encodeMaskedFrame(opcode: number, payload: Buffer, mask: number): Buffer {
  const bytes = payload.length
  const headerBytes = bytes <= MAX_SMALL_PAYLOAD_BYTES ? 2 : bytes < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + 4 + bytes)
  writeHeader(frame, opcode, bytes, 0x80)
  frame.writeUInt32BE(mask >>> 0, headerBytes)
  const start = headerBytes + 4
  for (let i = 0; i < bytes; i++) {
    frame[start + i] = (payload[i] as number) ^ (frame[headerBytes + (i & 3)] as number)
  }
  return frame
}

/** A server's frame: final, unmasked. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const bytes = payload.length
  const headerBytes = bytes <= MAX_SMALL_PAYLOAD_BYTES ? 2 : bytes < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + bytes)
  writeHeader(frame, opcode, bytes, 0)
  payload.copy(frame, headerBytes)
  return frame
}

function writeHeader(frame: Buffer, opcode: number, payloadBytes: number, maskBit: number): void {
  frame[0] = 0x80 | opcode
  if (payloadBytes <= MAX_SMALL_PAYLOAD_BYTES) {
    frame[1] = maskBit | payloadBytes
  } else if (payloadBytes < 65_536) {
    frame[1] = maskBit | 126
    frame.writeUInt16BE(payloadBytes, 2)
  } else {
    frame[1] = maskBit | 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(payloadBytes, 6)
  }
}
