import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import { type Person, signUp } from './lib/people.ts'
import { residentMegabytes } from './lib/process.ts'
import { closeCode, encodeFrame, openRaw, type Raw, readFrames, upgradeRaw } from './lib/raw-socket.ts'
import { connect, type Wire } from './lib/sockets.ts'

const server = attackedServer()
let mallory: Person
let victim: Wire

beforeAll(async () => {
  mallory = await signUp(server, 'mallory')
  victim = await connect(server, await signUp(server, 'victim'))
  return () => victim.cut()
})

const authorized = () => ({ Authorization: `Bearer ${mallory.token}` })

async function closeOf(raw: Raw): Promise<number | undefined> {
  try {
    return closeCode(await raw.ended())
  } finally {
    raw.destroy()
  }
}

const PING = JSON.stringify({ t: 'ping', id: 1 })
/** Each is a violation of RFC 6455 and ends its socket with the code that says which. */
const violations: [what: string, frame: Buffer, code: number][] = [
  ['an unmasked frame', encodeFrame(PING, { masked: false }), 1002],
  ['a compressed frame without the extension', encodeFrame(PING, { reserved: 4 }), 1002],
  ['the second reserved bit', encodeFrame(PING, { reserved: 2 }), 1002],
  ['the third reserved bit', encodeFrame(PING, { reserved: 1 }), 1002],
  ['an unknown data opcode', encodeFrame(PING, { opcode: 3 }), 1002],
  ['an unknown control opcode', encodeFrame('', { opcode: 11 }), 1002],
  ['a continuation of nothing', encodeFrame(PING, { opcode: 0 }), 1002],
  ['a fragmented ping', encodeFrame('x', { opcode: 9, final: false }), 1002],
  ['a ping of 126 bytes', encodeFrame('x'.repeat(126), { opcode: 9 }), 1002],
  [
    'a new message inside another',
    Buffer.concat([encodeFrame('{', { final: false }), encodeFrame(PING)]),
    1002,
  ],
  ['a close frame of one byte', encodeFrame('x', { opcode: 8 }), 1002],
  ['a close code nobody may send', encodeFrame(Buffer.from([3, 237]), { opcode: 8 }), 1002],
  ['a close reason that is no UTF-8', encodeFrame(Buffer.from([3, 232, 0xc3, 0x28]), { opcode: 8 }), 1007],
  ['text that is no UTF-8', encodeFrame(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 1007],
  ['an encoded surrogate', encodeFrame(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 1007],
  [
    'UTF-8 that breaks between fragments',
    Buffer.concat([
      encodeFrame(Buffer.from([0x22, 0xe2, 0x82]), { final: false }),
      encodeFrame('"', { opcode: 0 }),
    ]),
    1007,
  ],
  ['a frame one byte too large', encodeFrame('x'.repeat(65_537)), 1009],
  ['a frame that claims 2^53 bytes', encodeFrame('', { claimed: 2n ** 53n }), 1009],
  ['a frame that claims 2^63 bytes', encodeFrame('', { claimed: 2n ** 63n }), 1009],
  [
    'fragments that are too large together',
    Buffer.concat([
      encodeFrame('x'.repeat(40_000), { final: false }),
      encodeFrame('x'.repeat(40_000), { opcode: 0 }),
    ]),
    1009,
  ],
]

test.each(violations)('%s ends the socket that sent it, signed in or not', async (_what, frame, code) => {
  for (const headers of [{}, authorized()]) {
    const raw = await upgradeRaw(server, headers)
    raw.write(frame)
    expect(await closeOf(raw)).toBe(code)
  }
  expect((await victim.request('ping')).t).toBe('ok')
})

test('compression is not negotiated, whatever is offered', async () => {
  const raw = await upgradeRaw(server, {
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits; server_no_context_takeover',
  })
  expect(raw.bytes().toString('latin1').split('\r\n\r\n')[0]).not.toMatch(/sec-websocket-extensions/i)
  raw.destroy()
})

test('a message in a thousand fragments, with pings between them, is one message', async () => {
  const raw = await upgradeRaw(server, authorized())
  const text = JSON.stringify({ t: 'ping', id: 7, pad: 'é'.repeat(500) })
  const bytes = Buffer.from(text)
  const frames = [...bytes].flatMap((_byte, at) => [
    encodeFrame(bytes.subarray(at, at + 1), { opcode: at === 0 ? 1 : 0, final: at === bytes.length - 1 }),
    ...(at % 100 === 50 ? [encodeFrame('hey', { opcode: 9 })] : []),
  ])
  raw.write(Buffer.concat(frames))
  await raw.until('the answer', (seen) => seen.includes('"id":7'))
  raw.destroy()
})

test('endless empty fragments end the socket, and cost no memory', async () => {
  const before = residentMegabytes(server.pid)
  const raw = await upgradeRaw(server, authorized())
  raw.write(encodeFrame('{', { final: false }))
  raw.write(Buffer.concat(Array.from({ length: 20_000 }, () => encodeFrame('', { opcode: 0, final: false }))))
  expect(await closeOf(raw)).toBe(1008)
  expect(residentMegabytes(server.pid) - before).toBeLessThan(150)
})

test('a flood of pings whose answers nobody reads is cut, and others notice nothing', async () => {
  const before = residentMegabytes(server.pid)
  const raw = await upgradeRaw(server, authorized())
  raw.socket.pause()
  const flood = Buffer.concat(
    Array.from({ length: 1_000 }, () => encodeFrame('x'.repeat(125), { opcode: 9 })),
  )
  const cut = new Promise((resolve) => raw.socket.once('close', resolve))
  const pour = () => {
    while (!raw.socket.destroyed && raw.socket.write(flood)) {
      // Until the network takes no more.
    }
  }
  raw.socket.on('drain', pour)
  pour()
  const startedAt = performance.now()
  for (let turn = 0; turn < 20; turn++) expect((await victim.request('ping')).t).toBe('ok')
  expect((performance.now() - startedAt) / 20).toBeLessThan(250)
  raw.socket.off('drain', pour)
  raw.socket.resetAndDestroy()
  await cut
  expect(residentMegabytes(server.pid) - before).toBeLessThan(200)
})

test('a flood of pongs is no sign of trouble and costs others nothing', async () => {
  const raw = await upgradeRaw(server, authorized())
  const flood = Buffer.concat(Array.from({ length: 20_000 }, () => encodeFrame('', { opcode: 10 })))
  raw.write(flood)
  raw.write(encodeFrame(PING))
  await raw.until('the answer after the pongs', (seen) => seen.includes('"id":1'))
  expect((await victim.request('ping')).t).toBe('ok')
  raw.destroy()
})

test('after its close frame a socket is not listened to any more', async () => {
  const raw = await upgradeRaw(server, authorized())
  await raw.until('ready', (seen) => seen.includes('"t":"ready"'))
  raw.write(
    Buffer.concat([
      encodeFrame(Buffer.from([3, 232]), { opcode: 8 }),
      encodeFrame(JSON.stringify({ t: 'ping', id: 99 })),
    ]),
  )
  const frames = readFrames(await raw.ended())
  expect(frames.some((frame) => frame.payload.includes('"id":99'))).toBe(false)
  raw.destroy()
})

test('frames that come in the same packet as the handshake are read after it', async () => {
  const handshake = [
    'GET /ws HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ].join('\r\n')
  const raw = await openRaw(server, {
    firstBytes: Buffer.concat([Buffer.from(`${handshake}\r\n\r\n`), encodeFrame(PING)]),
  })
  await raw.until('the refusal', (seen) => seen.includes('unauthenticated'))
  raw.destroy()
  await assertUnhurt(server)
})
