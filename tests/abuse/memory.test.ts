import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import { ask, expectStatus, type Json, newName, openRoom, type Person, say, signUp } from './lib/people.ts'
import { openDescriptors, residentMegabytes } from './lib/process.ts'
import { closeCode, openRaw, type Raw, upgradeRaw } from './lib/raw-socket.ts'
import { connect, open, type Wire } from './lib/sockets.ts'

const server = attackedServer()
/** The longest message there is, and three bytes a character. */
const LONG = '字'.repeat(8_000)

let owner: Person
let victim: Person
/** A group of 304 entries, 300 of them as long as can be: 7.2 MB. */
let full: string
const FULL_HEAD = 304
/** A pause that a machine with other work makes now and then; a server that serves the stalled ones stands still for longer. */
const STANDSTILL_MS = 5_000
const median = (some: readonly number[]) => some.toSorted((a, b) => a - b)[some.length >> 1] ?? Number.NaN

beforeAll(async () => {
  const people = await Promise.all(['owner', 'victim', 'one', 'two'].map((name) => signUp(server, name)))
  const [first, second, one, two] = people as [Person, Person, Person, Person]
  owner = first
  victim = second
  full = await openRoom(owner, { kind: 'group', usernames: [victim.username, one.username, two.username] })
  const online = await connect(server, victim)
  await fill(full, [one, two], 150, Number.POSITIVE_INFINITY)
  // All at once, so that few batches hold it; who was there and read was not taken for slow.
  await online.next((frame) => frame.t === 'entry' && frame.seq === FULL_HEAD)
  online.cut()
})

/** Each of them sends so many long messages, a window of them at a time; resolves once everything is stored. */
async function fill(room: string, people: readonly Person[], messages: number, window = 20): Promise<void> {
  const wires = await Promise.all(people.map((person) => connect(server, person)))
  await Promise.all(
    wires.map(async (wire) => {
      for (let turn = 0; turn < messages; turn++) {
        const since = wire.frames.length
        wire.send({ t: 'send', id: turn, room, client_id: newName('client'), body: LONG })
        if (turn % window === window - 1)
          await wire.next((frame) => frame.id === turn && frame.t === 'ok', since)
      }
      await wire.next((frame) => frame.id === messages - 1)
      const refused = wire.frames.filter((frame) => frame.t === 'error')
      if (refused.length > 0) throw new Error(`not sent: ${JSON.stringify(refused[0])}`)
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

test('100 connections that stop reading in a busy room are let go, and cost neither memory nor others their time', async () => {
  const name = newName('busy')
  const room = await openRoom(owner, { name })
  const readers = await Promise.all(Array.from({ length: 5 }, () => signUp(server, 'stalled')))
  const [talker, listener] = await Promise.all([signUp(server, 'talker'), signUp(server, 'listener')])
  for (const person of [...readers, talker, listener]) await person.ask('POST', `/rooms/${room}/join`)
  const kinds = ['socket', 'socket', 'stream', 'door'] as const
  const stalled = await Promise.all(
    readers.flatMap((person) =>
      Array.from({ length: 20 }, (_, one) => stall(person, kinds[one % kinds.length] ?? 'socket', name)),
    ),
  )
  const listening = await connect(server, listener)
  const descriptors = openDescriptors(server.pid)
  const before = residentMegabytes(server.pid)

  const waits: number[] = []
  const filling = fill(room, [talker, owner], 250)
  let filled = false
  void filling.finally(() => {
    filled = true
  })
  while (!filled) {
    const startedAt = performance.now()
    await ask(server, 'GET', '//healthz')
    waits.push(performance.now() - startedAt)
  }
  await filling
  const head = ((await owner.ask('GET', `/rooms/${room}`)).body.room as { head_seq: number }).head_seq
  await listening.next((frame) => frame.t === 'entry' && frame.seq === head)
  // Everybody who listens was told everything; nobody waited long.
  expect(listening.frames.filter((frame) => frame.t === 'entry' && frame.body === LONG)).toHaveLength(500)
  expect(median(waits)).toBeLessThan(500)
  expect(Math.max(...waits)).toBeLessThan(STANDSTILL_MS)
  // 100 times the 12 MB that were said, or even the 4 MB that one may be owed, would be 400 MB and more.
  expect(residentMegabytes(server.pid) - before).toBeLessThan(300)
  // They are closed, or cut: the streams at once, sockets when they were asked to and did not answer.
  await expect.poll(() => openDescriptors(server.pid), { timeout: 20_000 }).toBeLessThan(descriptors - 20)
  for (const raw of stalled) raw.socket.resume()
  const codes = await Promise.all(
    stalled
      .filter((_, one) => kinds[one % kinds.length] === 'socket')
      .map(async (raw) => closeCode(await raw.ended(20_000))),
  )
  // Who had not answered in time was cut, and may find no reason any more; nobody finds another one.
  expect(codes.filter((code) => code !== undefined && code !== 4008)).toEqual([])
  for (const raw of stalled) raw.destroy()
  listening.cut()
  await assertUnhurt(server)
})

test('a room full of the longest messages can be read, by its log and by pages', async () => {
  const wire = await connect(server, victim)
  const seqs: number[] = []
  for (let after = 0; after < FULL_HEAD; ) {
    const { rooms } = (await wire.request('log', { rooms: [{ room: full, after }], limit: 200 })) as {
      rooms: { entries: { seq: number }[]; more: boolean }[]
    }
    const entries = rooms[0]?.entries ?? []
    expect(entries.length).toBeGreaterThan(0)
    seqs.push(...entries.map((entry) => entry.seq))
    after = seqs.at(-1) ?? FULL_HEAD
    expect(rooms[0]?.more).toBe(after < FULL_HEAD)
  }
  expect(seqs).toEqual(Array.from({ length: FULL_HEAD }, (_, place) => place + 1))
  wire.cut()

  for (const direction of ['before', 'after'] as const) {
    const paged: number[] = []
    for (let place = direction === 'before' ? FULL_HEAD + 1 : 0; ; ) {
      const page = await victim.ask('GET', `/rooms/${full}/messages?limit=200&${direction}=${place}`)
      const { messages, more } = expectStatus(page, 200) as { messages: { seq: number }[]; more: boolean }
      expect(page.text.length).toBeLessThan(500_000)
      paged.push(...messages.map((message) => message.seq))
      place = (direction === 'before' ? messages[0] : messages.at(-1))?.seq ?? 0
      if (!more) break
    }
    const all = Array.from({ length: FULL_HEAD - 4 }, (_, place) => place + 5)
    expect(paged.sort((a, b) => a - b)).toEqual(all)
  }
  const around = await victim.ask('GET', `/rooms/${full}/messages?limit=200&around=150`)
  const middle = (around.body.messages as { seq: number }[]).map((message) => message.seq)
  expect(middle).toContain(150)
  expect(middle).toEqual(middle.map((_, place) => (middle[0] ?? 0) + place))
})

test('one small frame does not ask for hundreds of megabytes', async () => {
  const before = residentMegabytes(server.pid)
  const wire = await connect(server, victim)
  const rooms = Array.from({ length: 50 }, () => ({ room: full, after: 0 }))
  for (let turn = 0; turn < 5; turn++) {
    const answer = await wire.request('log', { rooms, limit: 200 })
    expect(JSON.stringify(answer).length).toBeLessThan(2_000_000)
  }
  expect(residentMegabytes(server.pid) - before).toBeLessThan(150)
  wire.cut()
})

test('200 groups that somebody was dragged into, each with a long last word, do not keep them from connecting', async () => {
  const dragged = await signUp(server, 'dragged')
  const crooks = await Promise.all(Array.from({ length: 2 }, () => signUp(server, 'crook')))
  const made = new Set<string>()
  await Promise.all(
    crooks.map(async (crook) => {
      const wire = await connect(server, crook)
      for (let turn = 0; turn < 100; turn++) {
        const room = await openRoom(crook, { kind: 'group', usernames: [dragged.username] })
        made.add(room)
        const body = turn % 2 === 0 ? LONG : '\u0001'.repeat(7_999).concat('x')
        expect((await wire.request('send', { room, client_id: newName('client'), body })).t).toBe('ok')
      }
      wire.cut()
    }),
  )
  const wire: Wire = await connect(server, dragged)
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
  const request = `GET /api/v1/rooms/${full}/messages?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${victim.token}\r\n\r\n`
  const before = residentMegabytes(server.pid)
  const greedy = await openRaw(server)
  greedy.socket.pause()
  greedy.write(request.repeat(150))
  expectStatus(await owner.ask('GET', '/rooms?limit=1'), 200)
  // Comes after all of them, because it is the same person's.
  let isPast = false
  const behind = victim.ask('GET', '/rooms?limit=1').finally(() => {
    isPast = true
  })
  // Others are served meanwhile: not one of them stands behind a hundred pages.
  let others = 0
  for (; !isPast; others++) expectStatus(await owner.ask('GET', '/rooms?limit=1'), 200)
  expectStatus(await behind, 200)
  expect(others).toBeGreaterThan(10)
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

// Last: it stops the server.
test('who neither reads nor hangs up does not hold up the end of the program', async () => {
  const bearer = `Authorization: Bearer ${victim.token}`
  const request = `GET /api/v1/rooms/${full}/messages?limit=200 HTTP/1.1\r\nHost: x\r\n${bearer}\r\n\r\n`
  const unfinished =
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{'
  const stalled = await Promise.all([
    stall(victim, 'socket', ''),
    stall(victim, 'stream', ''),
    openRaw(server, { firstBytes: unfinished }),
  ])
  const greedy = await openRaw(server)
  greedy.socket.pause()
  greedy.write(request.repeat(50))
  const startedAt = performance.now()
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - startedAt).toBeLessThan(15_000)
  for (const raw of [...stalled, greedy]) raw.destroy()
})
