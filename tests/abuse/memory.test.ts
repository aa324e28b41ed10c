import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import {
  ask,
  expectStatus,
  type Json,
  newName,
  openRoom,
  type Person,
  say,
  signIn,
  signUp,
} from './lib/people.ts'
import { openDescriptors, residentMegabytes } from './lib/process.ts'
import { closeCode, openRaw, type Raw, upgradeRaw } from './lib/raw-socket.ts'
import { connect, open, type Wire } from './lib/sockets.ts'

const server = attackedServer()
/** The longest message there is, and three bytes a character. */
const LONG = '字'.repeat(8_000)

let owner: Person

beforeAll(async () => {
  owner = await signUp(server, 'owner')
})

/** Sends as fast as these people's sockets may; resolves with the head once everything is stored. */
async function fill(room: string, people: readonly Person[], messages: number, body = LONG): Promise<void> {
  const wires = await Promise.all(people.map((person) => connect(server, person)))
  await Promise.all(
    wires.map(async (wire) => {
      for (let turn = 0; turn < messages; turn++) {
        const since = wire.frames.length
        wire.send({ t: 'send', id: turn, room, client_id: newName('client'), body })
        // A window, or the sender's own socket would be the slow one.
        if (turn % 20 === 19) await wire.next((frame) => frame.id === turn && frame.t === 'ok', since)
      }
    }),
  )
  for (const wire of wires) wire.cut()
}

/** A signed-in connection that reads up to `ready` and then never again. */
async function stall(person: Person, kind: 'socket' | 'stream' | 'door', name: string): Promise<Raw> {
  if (kind === 'stream') {
    const raw = await openRaw(server, {
      firstBytes: `GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.token}\r\n\r\n`,
    })
    await raw.until('ready', (bytes) => bytes.includes('"t":"ready"'))
    raw.socket.pause()
    return raw
  }
  const headers = { Authorization: `Bearer ${person.token}` }
  const raw = await upgradeRaw(server, headers, kind === 'socket' ? '/ws' : `/ws/${name}`)
  if (kind === 'socket') await raw.until('ready', (bytes) => bytes.includes('"t":"ready"'))
  raw.socket.pause()
  return raw
}

test('200 connections that stop reading in a busy room are let go, and cost neither memory nor others their time', async () => {
  const name = newName('busy')
  const room = await openRoom(owner, { name })
  const readers = await Promise.all(Array.from({ length: 5 }, () => signUp(server, 'stalled')))
  const [talker, listener] = await Promise.all([signUp(server, 'talker'), signUp(server, 'listener')])
  for (const person of [...readers, talker, listener]) await person.ask('POST', `/rooms/${room}/join`)
  const kinds = ['socket', 'socket', 'stream', 'door'] as const
  const stalled = await Promise.all(
    readers.flatMap((person) =>
      Array.from({ length: 40 }, (_, one) => stall(person, kinds[one % kinds.length] ?? 'socket', name)),
    ),
  )
  const listening = await connect(server, listener)
  const descriptors = openDescriptors(server.pid)
  const before = residentMegabytes(server.pid)

  let longest = 0
  const filling = fill(room, [talker, owner], 250)
  let filled = false
  void filling.finally(() => {
    filled = true
  })
  while (!filled) {
    const startedAt = performance.now()
    await listening.request('ping')
    longest = Math.max(longest, performance.now() - startedAt)
  }
  await filling
  const head = ((await owner.ask('GET', `/rooms/${room}`)).body.room as { head_seq: number }).head_seq
  await listening.next((frame) => frame.t === 'entry' && frame.seq === head)
  // Everybody who listens was told everything; nobody waited long.
  expect(listening.frames.filter((frame) => frame.t === 'entry' && frame.body === LONG)).toHaveLength(500)
  expect(longest).toBeLessThan(1_500)
  // 200 times the 12 MB that were said, or even the 4 MB that one may be owed, would be 800 MB and more.
  expect(residentMegabytes(server.pid) - before).toBeLessThan(450)
  // They are closed, or cut: the streams at once, sockets when they were asked to and did not answer.
  await expect.poll(() => openDescriptors(server.pid), { timeout: 5_000 }).toBeLessThan(descriptors - 40)
  for (const raw of stalled) raw.socket.resume()
  const codes = await Promise.all(
    stalled
      .filter((_, one) => kinds[one % kinds.length] === 'socket')
      .map(async (raw) => closeCode(await raw.ended(20_000))),
  )
  expect(new Set(codes)).toEqual(new Set([4008]))
  for (const raw of stalled) raw.destroy()
  listening.cut()
  await assertUnhurt(server)
})

test('a room full of the longest messages can still be read, by log, by page and by resuming', async () => {
  const victim = await signUp(server, 'victim')
  const [one, two] = await Promise.all([signUp(server, 'one'), signUp(server, 'two')])
  const room = await openRoom(owner, {
    kind: 'group',
    usernames: [victim.username, one.username, two.username],
  })
  const online = await connect(server, victim)
  await fill(room, [one, two], 120)
  // Who was there while it was written was not taken for slow.
  await online.next((frame) => frame.t === 'entry' && Number(frame.seq) === 244)
  expect((await online.request('ping')).t).toBe('ok')

  const seqs: number[] = []
  for (let after = 0; after < 244; ) {
    const { rooms } = (await online.request('log', { rooms: [{ room, after }], limit: 200 })) as {
      rooms: { entries: { seq: number }[]; more: boolean }[]
    }
    const entries = rooms[0]?.entries ?? []
    expect(entries.length).toBeGreaterThan(0)
    seqs.push(...entries.map((entry) => entry.seq))
    after = seqs.at(-1) ?? 244
    expect(rooms[0]?.more).toBe(after < 244)
  }
  expect(seqs).toEqual(Array.from({ length: 244 }, (_, place) => place + 1))

  const paged: number[] = []
  for (let before = 245; ; ) {
    const page = await victim.ask('GET', `/rooms/${room}/messages?limit=200&before=${before}`)
    const { messages, more } = expectStatus(page, 200) as { messages: { seq: number }[]; more: boolean }
    expect(page.text.length).toBeLessThan(1_000_000)
    paged.unshift(...messages.map((message) => message.seq))
    before = paged[0] ?? 0
    if (!more) break
  }
  expect(paged).toEqual(Array.from({ length: 240 }, (_, place) => place + 5))
  online.cut()
})

test('one small frame does not ask for hundreds of megabytes', async () => {
  const mallory = await signUp(server, 'mallory')
  const room = await openRoom(mallory, { kind: 'group' })
  await fill(room, [mallory], 200)
  const before = residentMegabytes(server.pid)
  const wire = await connect(server, mallory)
  const rooms = Array.from({ length: 50 }, () => ({ room, after: 0 }))
  for (let turn = 0; turn < 5; turn++) {
    const answer = await wire.request('log', { rooms, limit: 200 })
    expect(JSON.stringify(answer).length).toBeLessThan(2_000_000)
  }
  expect(residentMegabytes(server.pid) - before).toBeLessThan(150)
  wire.cut()
})

test('200 groups that somebody was dragged into, each with a long last word, do not keep them from connecting', async () => {
  const victim = await signUp(server, 'victim')
  const crooks = await Promise.all(Array.from({ length: 2 }, () => signUp(server, 'crook')))
  const made = new Set<string>()
  await Promise.all(
    crooks.map(async (crook) => {
      const wire = await connect(server, crook)
      for (let turn = 0; turn < 100; turn++) {
        const room = await openRoom(crook, { kind: 'group', usernames: [victim.username] })
        made.add(room)
        const body = turn % 2 === 0 ? LONG : '\u0001'.repeat(7_999).concat('x')
        expect((await wire.request('send', { room, client_id: newName('client'), body })).t).toBe('ok')
      }
      wire.cut()
    }),
  )
  const wire: Wire = await connect(server, victim)
  const ready = wire.frames.find((frame) => frame.t === 'ready') as Json
  const seen = (ready.rooms as { id: string }[]).map((room) => room.id)
  for (let next = ready.next; next !== undefined; ) {
    const page = (await wire.request('rooms', { next })) as { rooms: { id: string }[]; next?: string }
    seen.push(...page.rooms.map((room) => room.id))
    next = page.next
  }
  expect(seen).toHaveLength(200)
  expect(new Set(seen)).toEqual(made)
  // What happens in a room that was not on the first page arrives all the same.
  const last = seen.at(-1) ?? ''
  const speaker = crooks.find(Boolean) as Person
  const other = crooks.at(-1) as Person
  const word = newName('word')
  const inLast = (await speaker.ask('GET', `/rooms/${last}`)).status === 200 ? speaker : other
  await say(inLast, last, word)
  await wire.next((frame) => frame.body === word)
  wire.cut()
})

test('answers that nobody takes do not pile up', async () => {
  const mallory = await signUp(server, 'mallory')
  const room = await openRoom(mallory, { kind: 'group' })
  await fill(room, [mallory], 200)
  const device = await signIn(server, mallory)
  const request = `GET /api/v1/rooms/${room}/messages?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${device.token}\r\n\r\n`
  const before = residentMegabytes(server.pid)
  const greedy = await openRaw(server)
  greedy.socket.pause()
  greedy.write(request.repeat(150))
  // Others are served meanwhile; when they have been, the greedy one's requests have been, too.
  for (let turn = 0; turn < 30; turn++) expectStatus(await owner.ask('GET', '/rooms?limit=1'), 200)
  expect(residentMegabytes(server.pid) - before).toBeLessThan(350)
  greedy.socket.resume()
  await greedy.until('its answers', (bytes) => bytes.length > 1_000_000)
  greedy.destroy()
  expect((await ask(server, 'GET', '//readyz')).status).toBe(200)
})

test('a body or a frame beyond the bound is refused before it is kept', async () => {
  const before = residentMegabytes(server.pid)
  const mallory = await signUp(server, 'mallory')
  const huge = JSON.stringify({ display_name: 'x'.repeat(5_000_000) })
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => mallory.ask('PATCH', '/users/me', { body: huge }).catch(() => null)),
  )
  for (const answer of answers) if (answer !== null) expect(answer.code).toBe('too_large')
  const wire = await open(server, { headers: { Authorization: `Bearer ${mallory.token}` } })
  wire.send({ t: 'ping', id: 1, pad: 'x'.repeat(70_000) })
  expect((await wire.closed).code).toBe(1009)
  expect(residentMegabytes(server.pid) - before).toBeLessThan(120)
})
