/** Retention: what is older than its room keeps it goes for good, beside people who write, and when it is cut off. */
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { type Database, type RoomEvent, silentLog, systemClock } from '@parley/contracts'
import { archiveEntries } from '@parley/services/rooms/archive-entries'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRetentionKit, type RetentionKit } from '../support/retention-kit.ts'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

const NOTHING_LEFT = { entries: 0, messages: 0, kept: 0 }

let kit: RoomsKit
let owner: string
let retention: RetentionKit
beforeAll(async () => {
  kit = await createRoomsKit()
  owner = await kit.person()
  retention = createRetentionKit(kit, owner)
})
afterAll(() => kit.close())

async function searchable(): Promise<void> {
  await kit.database.query(`update rooms.outbox set at = at - interval '1 minute'`)
  while ((await kit.rooms.runRelay()) > 0);
}

const code = (error: unknown) => (error as { code?: unknown }).code

it('what is older than its time is gone for good wherever it lay, and no head moves', async () => {
  const room = await kit.publicRoom(owner)
  const first = await kit.send(owner, room, 'an old secret', 'the-old-key')
  const second = await kit.send(owner, room, 'old and in the hot table')
  const third = await kit.send(owner, room, 'young')
  await kit.rooms.editMessage({ user: owner, room, target: second, body: 'edited secret' })
  await kit.rooms.react({ user: owner, room, target: first, emoji: '👍' })
  await kit.rooms.pin({ user: owner, room, target: first })
  const { room: before } = await kit.rooms.getRoom({ user: owner, room })
  await searchable()
  await retention.age(room, first, 40)
  await archiveEntries(
    { database: kit.database, clock: systemClock, log: silentLog },
    { before: Date.now() - 35 * 86_400_000 },
  )
  await retention.age(room, second, 40)
  expect(await retention.countIn('archive', room)).toBe(2)
  expect(await retention.expireAll(30)).toMatchObject({ entries: 3, messages: 2, kept: 0 })

  const { room: after } = await kit.rooms.getRoom({ user: owner, room })
  expect([after.head_seq, after.first_seq]).toEqual([before.head_seq, third])
  expect(await retention.bodies(room)).toEqual(['young'])
  const { rooms: logs } = await kit.rooms.readLog({ user: owner, rooms: [{ room, after: 0 }], limit: 50 })
  expect(logs[0]).toMatchObject({ first_seq: third, head_seq: before.head_seq, more: false })
  const entries = logs[0] !== undefined && 'entries' in logs[0] ? logs[0].entries : []
  expect(entries.map(({ seq }) => seq)).toEqual([third, third + 1, third + 2, third + 3])
  expect(entries[1]).toMatchObject({ kind: 'edit', target: second, body: '', redacted: true })
  await expect(kit.rooms.getMessage({ user: owner, room, seq: first })).rejects.toMatchObject({
    code: 'not_found',
  })
  expect((await kit.rooms.listPins({ user: owner, room })).messages).toEqual([])
  expect((await kit.rooms.searchMessages({ user: owner, query: 'secret', limit: 50 })).messages).toEqual([])
  for (const table of ['log', 'search']) {
    const text = table === 'log' ? 'body' : 'folded'
    const { rows } = await kit.database.query(
      `select 1 from rooms.${table} where room_id = $1 and ${text} like '%old%'`,
      [room],
    )
    expect([table, rows]).toEqual([table, []])
  }
  expect([await retention.countIn('reaction', room), await retention.countIn('pin', room)]).toEqual([0, 0])
  expect(await retention.expireAll(30)).toMatchObject(NOTHING_LEFT)
})

it('a retry of a removed message gets its first result, and nothing is stored again', async () => {
  const room = await kit.publicRoom(owner)
  const seq = await kit.send(owner, room, 'sent once', 'a-late-retry')
  const edit = await kit.rooms.editMessage({
    user: owner,
    room,
    target: seq,
    body: 'x',
    client_id: 'a-late-edit',
  })
  await retention.age(room, edit.entry.seq, 40)
  await retention.expireAll(30)
  const again = await kit.rooms.sendMessage({
    user: owner,
    room,
    body: 'sent once',
    client_id: 'a-late-retry',
  })
  expect([again.fresh, again.entry.seq, again.entry.body, again.entry.redacted]).toEqual([
    false,
    seq,
    '',
    true,
  ])
  const edited = await kit.rooms.editMessage({
    user: owner,
    room,
    target: seq,
    body: 'x',
    client_id: 'a-late-edit',
  })
  expect([edited.fresh, edited.entry.seq]).toEqual([false, edit.entry.seq])
  expect(await retention.countIn('log', room)).toBe(0)
  // Somebody else's key of the same name is another one.
  const other = await kit.person()
  await kit.rooms.joinRoom({ user: other, room })
  expect(
    (await kit.rooms.sendMessage({ user: other, room, body: 'mine', client_id: 'a-late-retry' })).fresh,
  ).toBe(true)
})

it('a room of which nothing is left goes on where it was', async () => {
  const { room, head } = await retention.roomOf(5)
  await retention.age(room, head, 40)
  await retention.expireAll(30)
  const { rooms: logs } = await kit.rooms.readLog({ user: owner, rooms: [{ room, after: 0 }], limit: 50 })
  expect(logs[0]).toEqual({ room, entries: [], head_seq: head, first_seq: head + 1, more: false })
  expect((await kit.rooms.getRoom({ user: owner, room })).room).toMatchObject({ me: { unread: 0 } })
  await expect(kit.rooms.react({ user: owner, room, target: head, emoji: '👍' })).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(
    kit.rooms.sendMessage({ user: owner, room, body: 'b', client_id: 'a-reply-1', reply_to: head }),
  ).rejects.toMatchObject({ code: 'invalid_request' })
  expect(await kit.send(owner, room, 'a new beginning')).toBe(head + 1)
  expect(await retention.bodies(room)).toEqual(['a new beginning'])
})

it('below the floor nobody reads, even while the rows are still there', async () => {
  const reader = await kit.person()
  const room = await kit.publicRoom(owner, reader)
  const gone = await kit.send(owner, room, 'below the floor')
  const kept = await kit.send(owner, room, 'above the floor')
  const pin = await kit.rooms.pin({ user: owner, room, target: gone })
  await searchable()
  await retention.age(room, gone, 40)
  await kit.database.query(
    `select * from rooms.raise_floors(array[$1], array[now() - interval '30 days'], 100)`,
    [room],
  )
  expect(await retention.countIn('log', room)).toBe(pin.entry.seq)
  expect(await retention.bodies(room, reader)).toEqual(['above the floor'])
  for (const place of [{ before: kept }, { around: gone }, { after: 0 }]) {
    const { messages } = await kit.rooms.listMessages({ user: reader, room, limit: 10, ...place })
    expect(messages.filter(({ seq }) => seq < kept)).toEqual([])
  }
  expect((await kit.rooms.searchMessages({ user: reader, query: 'below the', limit: 5 })).messages).toEqual(
    [],
  )
  expect((await kit.rooms.listPins({ user: reader, room })).messages).toEqual([])
  expect((await kit.rooms.getRoom({ user: reader, room })).room.me?.unread).toBe(1)
  expect((await kit.rooms.replay({ room, after: 0, upto: pin.entry.seq })).events[0]?.seq).toBe(kept)
  expect((await kit.rooms.listPreviews({ places: [{ user: reader, room, seq: gone }] })).previews).toEqual([
    '',
  ])
  await expect(
    kit.rooms.editMessage({ user: owner, room, target: gone, body: 'too late' }),
  ).rejects.toMatchObject({ code: 'not_found' })
  expect(await retention.expireAll(null)).toMatchObject({ messages: 1 })
  expect(await retention.countIn('log', room)).toBe(pin.entry.seq - gone)
})

it('whoever has the room open is told of its new floor', async () => {
  const { room, head } = await retention.roomOf(40)
  const events = await kit.listen(room)
  await retention.expireAll(30)
  await searchable()
  const told = events.filter(
    (event): event is Extract<RoomEvent, { type: 'updated' }> => event.type === 'updated',
  )
  expect(told.map((event) => event.room)).toMatchObject([{ id: room, head_seq: head, first_seq: head - 29 }])
})

it('a room may have less than the server, never more, and only its moderators choose', async () => {
  const member = await kit.person()
  const strict = kit.another({ ages: { retentionDays: 100, archiveAfterDays: 365 } })
  const { room, head } = await retention.roomOf(120)
  await kit.rooms.joinRoom({ user: member, room })
  await expect(strict.setRoomStorage({ user: owner, room, retention_days: 101 })).rejects.toMatchObject({
    code: 'invalid_request',
  })
  await expect(strict.setRoomStorage({ user: member, room, retention_days: 10 })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await strict.setRoomStorage({ user: owner, room, retention_days: 10, archive_days: 365 })
  expect((await strict.setRoomStorage({ user: owner, room, archive_days: null })).storage).toEqual({
    retention_days: 10,
    archive_days: null,
    server: { retention_days: 100, archive_days: 365 },
  })
  const other = await retention.roomOf(120)
  await retention.expireAll(null)
  expect([await retention.countIn('log', room), await retention.countIn('log', other.room)]).toEqual([
    11, 121,
  ])
  await retention.expireAll(100)
  expect([await retention.countIn('log', room), await retention.countIn('log', other.room)]).toEqual([
    11, 100,
  ])
  await retention.expireAll(5)
  expect((await kit.rooms.getRoom({ user: owner, room })).room.first_seq).toBe(head - 4)
})

it('a room may go to the archive sooner than the server says', async () => {
  const { room } = await retention.roomOf(20)
  await kit.rooms.setRoomStorage({ user: owner, room, archive_days: 10 })
  await archiveEntries(
    { database: kit.database, clock: systemClock, log: silentLog },
    { before: Date.now() - 300 * 86_400_000 },
  )
  expect([await retention.countIn('entry', room), await retention.countIn('archive', room)]).toEqual([10, 11])
})

/** Ends the connection that deletes, a moment after it was seen at one of the steps; or nothing when it is over before. */
async function cutOff(killer: Database, delayMs: number, isOver: () => boolean): Promise<void> {
  const at = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and application_name = 'doomed' and state <> 'idle'`
  while (!isOver()) {
    const { rows } = await killer.query<{ pid: number }>(`select pid ${at}`)
    if (rows[0] === undefined) continue
    await new Promise<void>((resolve) => systemClock.after(delayMs, resolve))
    await killer.query(`select pg_terminate_backend(pid) ${at} and pid = $1`, [rows[0].pid])
    return
  }
}

it('a run that is cut off anywhere loses nothing else and leaves nothing half', async () => {
  const { room, head } = await retention.roomOf(6_000)
  let young = 6_000
  await kit.database.query(
    `insert into rooms.search (room_id, seq, sender, at, folded) select room_id, seq, sender, at, body from rooms.entry where room_id = $1 and kind = 'message'`,
    [room],
  )
  const killer = createDatabase({ connection: kit.connection, maxConnections: 1, log: silentLog })
  let cuts = 0
  for (let attempt = 0; attempt < 12; attempt++) {
    young -= 450
    const database = createDatabase({ connection: kit.connection, maxConnections: 1, log: silentLog })
    let isOver = false
    const work = database
      .query(`set application_name = 'doomed'`)
      .then(() => retention.expireAll(young, database))
      .then(
        () => {
          isOver = true
        },
        () => {
          isOver = true
          cuts++
        },
      )
    await cutOff(killer, attempt % 5, () => isOver)
    await work
    await database.close()
    const { rows } = await kit.database.query<{ whole: boolean; shown: number; first_seq: number }>(
      `select (select count(*) from rooms.log where room_id = $1) = (select count(*) from rooms.search where room_id = $1)
           + (select count(*) from rooms.log where room_id = $1 and kind <> 'message') as whole,
         (select count(*)::int from rooms.log l where l.room_id = $1 and l.seq >= r.first_seq) as shown, r.first_seq
       from rooms.room r where r.id = $1`,
      [room],
    )
    // Every row that is left has what belongs to it, and everything from the floor on is there.
    expect(rows[0]).toMatchObject({ whole: true, shown: head - (rows[0]?.first_seq ?? 0) + 1 })
    expect(rows[0]?.first_seq).toBeLessThanOrEqual(head - young + 1)
  }
  await killer.close()
  expect(cuts).toBeGreaterThan(2)
  await retention.expireAll(young)
  expect([
    await retention.countIn('log', room),
    await retention.countIn('search', room),
    await retention.countIn('spent', room),
  ]).toEqual([young, young, head - young - 1])
}, 60_000)

it('people who write, edit and react while their history is deleted are refused or served, never half', async () => {
  const { room } = await retention.roomOf(400)
  const seqs = Array.from({ length: 60 }, (_, i) => i + 300)
  const refused: unknown[] = []
  let isDone = false
  const deleting = (async () => {
    for (let days = 399; !isDone; days = Math.max(20, days - 20)) await retention.expireAll(days)
  })()
  await Promise.all(
    seqs.map(async (target, i) => {
      await kit.send(owner, room, `new ${i}`)
      await (i % 2 === 0
        ? kit.rooms.editMessage({ user: owner, room, target, body: `edited ${i}` })
        : kit.rooms.react({ user: owner, room, target, emoji: '🎉' })
      ).catch((error: unknown) => refused.push(code(error)))
    }),
  )
  isDone = true
  await deleting
  expect(refused.filter((one) => one !== 'not_found')).toEqual([])
  await retention.expireAll(20)
  const { room: facts } = await kit.rooms.getRoom({ user: owner, room })
  const { rows } = await kit.database.query(
    `select 1 from rooms.reaction where room_id = $1 and target < $2
     union all select 1 from rooms.log where room_id = $1 and (seq < $2 or (target < $2 and body <> ''))`,
    [room, facts.first_seq],
  )
  expect(rows).toEqual([])
  expect((await retention.bodies(room)).filter((body) => body.startsWith('new'))).toHaveLength(50)
})
