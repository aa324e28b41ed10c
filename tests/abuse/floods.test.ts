import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import {
  ask,
  expectStatus,
  type Json,
  newAddress,
  newName,
  openRoom,
  type Person,
  say,
  signIn,
  signUp,
} from './lib/people.ts'
import { residentMegabytes } from './lib/process.ts'
import { openRaw } from './lib/raw-socket.ts'
import { connect, dial, open, type Wire } from './lib/sockets.ts'

const server = attackedServer()
/** Frames of one person that pass at once; then a hundred a second. */
const BURST = 400
/** What the others may wait for an answer while somebody floods, milliseconds; the machine is shared, too. */
const OTHERS_WAIT_MAX_MS = 2_000

let victim: Person
let witness: Wire
let lounge: string

beforeAll(async () => {
  victim = await signUp(server, 'victim')
  lounge = await openRoom(victim, { kind: 'group', name: 'lounge' })
  witness = await connect(server, victim)
  return () => witness.cut()
})

/** Somebody who has nothing to do with the flood sends messages during it; the longest wait. */
async function longestWait(): Promise<number> {
  let longest = 0
  for (let turn = 0; turn < 10; turn++) {
    const startedAt = performance.now()
    const answer = await witness.request('send', {
      room: lounge,
      client_id: newName('client'),
      body: 'still here',
    })
    expect(answer.t).toBe('ok')
    longest = Math.max(longest, performance.now() - startedAt)
  }
  return longest
}

const answersOf = (wire: Wire, code: string) => wire.frames.filter((frame) => frame.code === code)

test('a flood of requests is refused with a time to retry, then closed, and others notice nothing', async () => {
  const mallory = await signUp(server, 'mallory')
  const wire = await connect(server, mallory)
  for (let id = 1; id <= 3_000; id++) wire.send({ t: 'ping', id })
  expect(await longestWait()).toBeLessThan(OTHERS_WAIT_MAX_MS)
  expect(await wire.closed).toEqual({ code: 4029, reason: 'rate_limited' })
  const refused = answersOf(wire, 'rate_limited')
  expect(refused[0]).toMatchObject({ t: 'error', retryable: true })
  expect(Number(refused[0]?.retry_after_ms)).toBeGreaterThan(0)
  const served = wire.frames.filter((frame) => frame.t === 'ok').length
  expect(served).toBeLessThan(2 * BURST)
})

test('many sockets of one person have one limit between them', async () => {
  const mallory = await signUp(server, 'mallory')
  const wires = await Promise.all(Array.from({ length: 10 }, () => connect(server, mallory)))
  for (const wire of wires) for (let id = 1; id <= 300; id++) wire.send({ t: 'ping', id })
  await Promise.all(wires.map((wire) => Promise.race([wire.next((frame) => frame.id === 300), wire.closed])))
  const served = wires.flatMap((wire) => wire.frames.filter((frame) => frame.t === 'ok')).length
  expect(served).toBeLessThan(1_200)
  for (const wire of wires) wire.cut()
})

test('a flood through the older door is limited like any other', async () => {
  const mallory = await signUp(server, 'mallory')
  const name = newName('flood')
  const room = await openRoom(mallory, { name })
  const wire = await open(server, {
    path: `/ws/${name}`,
    headers: { Authorization: `Bearer ${mallory.token}` },
  })
  for (let turn = 0; turn < 3_000; turn++) wire.send({ type: 'message', content: 'x'.repeat(1_000) })
  expect(await longestWait()).toBeLessThan(OTHERS_WAIT_MAX_MS)
  expect((await wire.closed).code).toBe(4029)
  expect(answersOf(wire, 'rate_limited').length).toBeGreaterThan(0)
  const { head_seq } = (await mallory.ask('GET', `/rooms/${room}`)).body.room as { head_seq: number }
  expect(head_seq).toBeLessThan(1_500)
})

test('rubbish through the older door is answered and does not go on for ever', async () => {
  const mallory = await signUp(server, 'mallory')
  const name = newName('rubbish')
  await openRoom(mallory, { name })
  const wire = await open(server, {
    path: `/ws/${name}`,
    headers: { Authorization: `Bearer ${mallory.token}` },
  })
  for (let turn = 0; turn < 2_000; turn++) wire.send('{"type":"message","content":')
  expect((await wire.closed).code).toBe(4029)
  expect(wire.frames[0]).toMatchObject({ type: 'error', code: 'invalid_json' })
})

test('a stranger floods with frames and is closed before the deadline to authenticate', async () => {
  const wire = await open(server)
  for (let id = 1; id <= 3_000; id++) wire.send({ t: 'ping', id })
  expect(await longestWait()).toBeLessThan(OTHERS_WAIT_MAX_MS)
  expect((await wire.closed).code).toBe(4029)
  expect(answersOf(wire, 'unauthenticated').length).toBeLessThan(1_500)
})

test('forged tokens on an open socket are limited: each costs a signature', async () => {
  const mallory = await signUp(server, 'mallory')
  const wire = await connect(server, mallory)
  const signed = mallory.token.split('.').slice(0, 2).join('.')
  for (let id = 1; id <= 2_000; id++) {
    const signature = Buffer.alloc(64, id % 251).toString('base64url')
    wire.send({ t: 'auth', id, token: `${signed}.${signature}` })
  }
  expect(await longestWait()).toBeLessThan(OTHERS_WAIT_MAX_MS)
  expect((await wire.closed).code).toBe(4029)
  expect(answersOf(wire, 'unauthenticated').length).toBeLessThan(1_200)
})

test('a socket that says who it is a thousand times at once is opened once', async () => {
  const mallory = await signUp(server, 'mallory')
  const wire = await open(server)
  for (let turn = 0; turn < 100; turn++) wire.send({ t: 'auth', id: turn, token: mallory.token })
  await wire.next((frame) => frame.id === 99)
  expect(wire.frames.filter((frame) => frame.t === 'ready')).toHaveLength(1)
  wire.cut()
})

test('ten bad frames close a socket, however they are bad', async () => {
  const bad = [
    '',
    'null',
    '[]',
    '"x"',
    '{"t":1}',
    '{"t":"toString"}',
    '{"t":"__proto__"}',
    '{',
    '{"t":"send"}',
  ]
  const wire = await connect(server, await signUp(server, 'mallory'))
  for (const text of bad) wire.send(text)
  wire.socket.send(Buffer.from('{"t":"ping","id":1}'), { binary: true })
  expect(await wire.closed).toEqual({ code: 4000, reason: 'protocol_error' })
})

test('one person has a bounded number of connections, of all kinds together, and room again after them', async () => {
  const mallory = await signUp(server, 'mallory')
  const headers = { Authorization: `Bearer ${mallory.token}` }
  const wires: Wire[] = []
  for (let turn = 0; turn < 50; turn++) wires.push(await connect(server, mallory))
  const further = await open(server, { headers })
  expect(await further.closed).toEqual({ code: 4029, reason: 'rate_limited' })
  const seed = await open(server, { path: '/ws/join-notification/', headers })
  expect((await seed.closed).code).toBe(4029)
  const stream = await mallory.ask('GET', '/stream')
  expect(stream.text).toContain('"code":4029')
  // Another device is no way round, another person not concerned.
  const device = await signIn(server, mallory)
  const other = await open(server, { headers: { Authorization: `Bearer ${device.token}` } })
  expect((await other.closed).code).toBe(4029)
  expect((await witness.request('ping')).t).toBe('ok')
  for (const wire of wires) wire.cut()
  await expect
    .poll(async () => {
      const again = await open(server, { headers })
      const opened = await Promise.race([again.next((frame) => frame.t === 'ready'), again.closed])
      again.cut()
      return 't' in opened
    })
    .toBe(true)
})

test('saying a hundred times that one types is told once', async () => {
  const mallory = await signUp(server, 'mallory')
  const room = await openRoom(mallory, { kind: 'group', usernames: [victim.username] })
  // What was said before it is told of the room comes with it.
  await witness.next((frame) => frame.t === 'room' && (frame.room as Json).id === room)
  const wire = await connect(server, mallory)
  for (let turn = 0; turn < 100; turn++) wire.send({ t: 'typing', room })
  const client_id = newName('client')
  expect((await wire.request('send', { room, client_id, body: 'done typing' })).t).toBe('ok')
  await witness.next((frame) => frame.body === 'done typing')
  const told = witness.frames.filter((frame) => frame.t === 'typing' && frame.room === room)
  // On a machine that stands still for a second in the middle, once more.
  expect([1, 2]).toContain(told.length)
  wire.cut()
})

test('watching through a poll that is over takes nobody else’s sight of who is there', async () => {
  const mallory = await signUp(server, 'mallory')
  const friend = await signUp(server, 'friend')
  const polled = (await mallory.ask('GET', '/stream?poll=1')).body as { frames: Json[] }
  const session = polled.frames.find((frame) => frame.t === 'ready')?.session
  const frame = { t: 'watch', id: 1, users: [friend.id] }
  await mallory.ask('POST', `/stream/${session}`, { body: frame })

  const watching = await witness.request('watch', { users: [friend.id] })
  expect(watching.presence).toMatchObject([{ user: friend.id, state: 'offline' }])
  const arrived = await connect(server, friend)
  await witness.next((push) => push.t === 'presence' && push.user === friend.id && push.state === 'online')
  arrived.cut()
})

test('watching people who do not exist, by the thousand, costs nothing that stays', async () => {
  const mallory = await signUp(server, 'mallory')
  const polled = (await mallory.ask('GET', '/stream?poll=1')).body as { frames: Json[] }
  const session = polled.frames.find((frame) => frame.t === 'ready')?.session
  const wire = await connect(server, mallory)
  const ids = (turn: number) => Array.from({ length: 500 }, (_, one) => `${turn}-${one}-${'x'.repeat(25)}`)
  const watchThroughPoll = async (turn: number) => {
    const body = { t: 'watch', id: 1, users: ids(turn) }
    expect((await mallory.ask('POST', `/stream/${session}`, { body })).status).toBe(200)
  }
  // What a heap grows by at first is not what stays.
  for (let turn = 0; turn < 200; turn++)
    expect((await wire.request('watch', { users: ids(turn) })).t).toBe('ok')
  for (let turn = 0; turn < 50; turn++) await watchThroughPoll(0)
  const before = residentMegabytes(server.pid)
  for (let turn = 0; turn < 350; turn++) await watchThroughPoll(1_000 + turn)
  // A hundred and seventy thousand subscriptions would be forty megabytes.
  expect(residentMegabytes(server.pid) - before).toBeLessThan(30)
  const tooMany = await wire.request('watch', { users: [...ids(0), 'one-more'] })
  expect(tooMany.code).toBe('invalid_request')
  wire.cut()
})

test('requests of one person over HTTP are limited, with a time to retry, and those of others are not', async () => {
  const mallory = await signUp(server, 'mallory')
  const flood = () => Promise.all(Array.from({ length: 260 }, () => mallory.ask('POST', '/rooms/x/join')))
  // A machine that is busy takes so long for them that the limit allows them; then there are more.
  let refused = (await flood()).filter((answer) => answer.status === 429)
  for (let again = 0; again < 4 && refused.length <= 20; again++)
    refused = (await flood()).filter((answer) => answer.status === 429)
  expect(refused.length).toBeGreaterThan(20)
  expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/)
  expect((await victim.ask('POST', '/rooms/x/join')).status).toBe(404)
})

test('a hundred unfinished upgrades and requests keep nobody waiting', async () => {
  const halves = await Promise.all(
    Array.from({ length: 100 }, (_, one) =>
      openRaw(server, {
        firstBytes:
          one % 2 === 0
            ? 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-Web'
            : 'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{',
      }),
    ),
  )
  expect(await longestWait()).toBeLessThan(OTHERS_WAIT_MAX_MS)
  await ask(server, 'GET', '//healthz', { address: newAddress() })
  for (const half of halves) half.destroy()
  await assertUnhurt(server)
})

test('2,000 sockets that say nothing cost little and are sent away in time', async () => {
  const before = residentMegabytes(server.pid)
  const opened: Wire[] = []
  for (let round = 0; round < 20; round++) {
    const dialled = await Promise.all(Array.from({ length: 100 }, () => dial(server)))
    opened.push(...dialled.flatMap((one) => ('wire' in one ? [one.wire] : [])))
  }
  expect(opened).toHaveLength(2_000)
  expect(residentMegabytes(server.pid) - before).toBeLessThan(150)
  expect(await longestWait()).toBeLessThan(OTHERS_WAIT_MAX_MS)
  const closes = await Promise.all(opened.map((wire) => wire.closed))
  expect(new Set(closes.map((close) => close.code))).toEqual(new Set([4002]))
  expectStatus(await victim.ask('GET', '/users/me'), 200)
  await say(victim, lounge, 'after all')
  await assertUnhurt(server)
})
