import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeFrame,
  encodeMaskedFrame,
  FrameWalker,
  MAX_SMALL_PAYLOAD_BYTES,
  OPCODE_PING,
  OPCODE_TEXT,
} from './frames.ts'

function walk(chunks: Buffer[], keepBelowBytes: number): { walker: FrameWalker; kept: [number, string][] } {
  const kept: [number, string][] = []
  const walker = new FrameWalker(keepBelowBytes, (opcode, payload) =>
    kept.push([opcode, payload.toString('latin1')]),
  )
  // Each chunk goes through one reused buffer, as the sockets' reads do: a walker that kept a view would notice.
  const shared = Buffer.alloc(Math.max(1, ...chunks.map((chunk) => chunk.length)))
  for (const chunk of chunks) {
    chunk.copy(shared)
    walker.push(shared, chunk.length)
    shared.fill(0)
  }
  return { walker, kept }
}

/** The given bytes, cut at the given places. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  const edges = [0, ...sorted, bytes.length]
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
}

/** An independent reading of a client's frame, straight from RFC 6455, section 5.2. */
function unmask(frame: Buffer): { opcode: number; payload: Buffer } {
  const short = (frame[1] ?? 0) & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2))
  const mask = frame.subarray(2 + lengthBytes, 6 + lengthBytes)
  const payload = Buffer.from(frame.subarray(6 + lengthBytes))
  expect(payload.length).toBe(length)
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0)
  return { opcode: (frame[0] ?? 0) & 0x0f, payload }
}

describe('frame walker', () => {
  const frameSizes = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(125, 126, 65_535, 65_536)),
    { maxLength: 12 },
  )

  test('counts every large frame and keeps every small one, wherever the stream is cut', () => {
    fc.assert(
      fc.property(frameSizes, fc.array(fc.nat(), { maxLength: 20 }), (sizes, places) => {
        const payloads = sizes.map((size, i) => String.fromCharCode(97 + i).repeat(size))
        const bytes = Buffer.concat(payloads.map((text) => encodeFrame(OPCODE_TEXT, Buffer.from(text))))
        const { walker, kept } = walk(cut(bytes, places), MAX_SMALL_PAYLOAD_BYTES + 1)
        const large = sizes.filter((size) => size > MAX_SMALL_PAYLOAD_BYTES)
        expect(walker.largeFrames).toBe(large.length)
        expect(walker.largeBytes).toBe(large.reduce((sum, size) => sum + size + (size < 65_536 ? 4 : 10), 0))
        expect(kept.map(([, text]) => text)).toEqual(
          payloads.filter((t) => t.length <= MAX_SMALL_PAYLOAD_BYTES),
        )
      }),
    )
  })

  test('keeps large frames too when asked, complete and in order, and still counts them', () => {
    fc.assert(
      fc.property(frameSizes, fc.array(fc.nat(), { maxLength: 20 }), (sizes, places) => {
        const payloads = sizes.map((size, i) => String.fromCharCode(97 + i).repeat(size))
        const bytes = Buffer.concat(payloads.map((text) => encodeFrame(OPCODE_TEXT, Buffer.from(text))))
        const { walker, kept } = walk(cut(bytes, places), Number.POSITIVE_INFINITY)
        expect(kept.map(([, text]) => text)).toEqual(payloads)
        expect(walker.largeFrames).toBe(sizes.filter((size) => size > MAX_SMALL_PAYLOAD_BYTES).length)
      }),
    )
  })

  test('hands over a ping among large frames, one byte at a time', () => {
    const large = encodeFrame(OPCODE_TEXT, Buffer.alloc(211, 'x'))
    const bytes = Buffer.concat([large, encodeFrame(OPCODE_PING, Buffer.from('are you there')), large])
    const { walker, kept } = walk(
      [...bytes].map((byte) => Buffer.from([byte])),
      MAX_SMALL_PAYLOAD_BYTES + 1,
    )
    expect(kept).toEqual([[OPCODE_PING, 'are you there']])
    expect(walker.largeFrames).toBe(2)
    expect(walker.largeBytes).toBe(430)
  })

  test('refuses masked and compressed frames instead of counting them', () => {
    const masked = encodeMaskedFrame(OPCODE_TEXT, Buffer.alloc(200), 0x01020304)
    expect(() => walk([masked], 126)).toThrow('masked')
    const compressed = encodeFrame(OPCODE_TEXT, Buffer.alloc(200))
    compressed[0] = 0x80 | 0x40 | OPCODE_TEXT
    expect(() => walk([compressed], 126)).toThrow('compressed')
  })
})

test('a masked frame unmasks to what was put in, at each length of header', () => {
  for (const size of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = Buffer.from(Array.from({ length: size }, (_, i) => i % 251))
    const frame = encodeMaskedFrame(OPCODE_TEXT, payload, 0xdeadbeef)
    expect((frame[1] ?? 0) & 0x80).toBe(0x80)
    const read = unmask(frame)
    expect(read.opcode).toBe(OPCODE_TEXT)
    expect(read.payload.equals(payload)).toBe(true)
  }
})
