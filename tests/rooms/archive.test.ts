/** Moving old entries to the archive: beside people who write, and when it is cut off in the middle. */
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { type Database, silentLog, systemClock } from '@parley/contracts'
import { archiveEntries } from '@parley/services/rooms/archive-entries'
import { purgeDeletedRooms } from '@parley/services/rooms/delete-room'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

const ALL = 8_640_000_000_000_000
const DAY_MS = 86_400_000

let kit: RoomsKit
let owner: string
beforeAll(async () => {
  kit = await createRoomsKit()
  owner = await kit.person()
})
afterAll(() => kit.close())

async function archiveAll(database: Database = kit.database, before = ALL): Promise<number> {
  let moved = 0
  let after: string | undefined
  do {
    const step = await archiveEntries({ database, clock: systemClock, log: silentLog }, { before, after })
    moved += step.moved
    after = step.next
  } while (after !== undefined)
  return moved
}

async function countIn(table: 'entry' | 'archive' | 'log', room: string): Promise<number> {
  const { rows } = await kit.database.query<{ count: number }>(
    `select count(*)::int as count from rooms.${table} where room_id = $1`,
    [room],
  )
  return rows[0]?.count ?? 0
}

/** A room with this many messages in one statement, a day apart, the newest today. */
async function roomOf(count: number): Promise<string> {
  const room = await kit.publicRoom(owner)
  await kit.database.query(
    `with head as (update rooms.room set head_seq = head_seq + $2 where id = $1 returning head_seq - $2 as base)
     insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body)
     select $1, base + n, 'message', $3, 'k' || n, now() - make_interval(days => $2::int - n), 'message ' || n
     from head, generate_series(1, $2::int) n`,
    [room, count, owner],
  )
  return room
}

it('the archive has the columns of the hot table, in name and kind', async () => {
  const { rows } = await kit.database.query<{ same: boolean }>(
    `select array_agg((attname, atttypid, attcollation)::text order by attname) filter (where attrelid = 'rooms.entry'::regclass)
       = array_agg((attname, atttypid, attcollation)::text order by attname) filter (where attrelid = 'rooms.archive'::regclass)
       and array_agg(attname order by attname) filter (where attrelid = 'rooms.entry'::regclass)
       = array_agg(attname order by attname) filter (where attrelid = 'rooms.log'::regclass) as same
     from pg_attribute where attrelid in ('rooms.entry'::regclass, 'rooms.archive'::regclass, 'rooms.log'::regclass)
       and attnum > 0 and not attisdropped`,
  )
  expect(rows[0]?.same).toBe(true)
})

it('what is older than the limit is moved and noted, what is younger stays', async () => {
  const room = await roomOf(30)
  // Its first entries are older than the room's own: they stand behind the one of its founder.
  await kit.database.query(
    `update rooms.entry set at = now() - interval '40 days' where room_id = $1 and seq = 1`,
    [room],
  )
  expect(await archiveAll(kit.database, Date.now() - 9.5 * DAY_MS)).toBe((await countIn('log', room)) - 10)
  expect(await countIn('entry', room)).toBe(10)
  const { rows } = await kit.database.query<{ entries: number; from_seq: number; upto_seq: number }>(
    'select entries, from_seq, upto_seq from rooms.archive_move where room_id = $1',
    [room],
  )
  const archived = await countIn('archive', room)
  expect(rows).toEqual([{ entries: archived, from_seq: 1, upto_seq: archived }])
  expect(await archiveAll(kit.database, Date.now() - 9.5 * DAY_MS)).toBe(0)
})

it('a call whose time is over says where to go on, and nothing is left out', async () => {
  const rooms: string[] = []
  for (let i = 0; i < 3; i++) rooms.push(await roomOf(700))
  const expected = await Promise.all(rooms.map((room) => countIn('log', room)))
  // Each look at the clock finds it half a second later, so that a call has time for a batch or two.
  let now = 0
  const clock = { ...systemClock, now: () => (now += 500) }
  let calls = 0
  let after: string | undefined
  do {
    const step = await archiveEntries(
      { database: kit.database, clock, log: silentLog },
      { before: ALL, after },
    )
    after = step.next
    calls++
  } while (after !== undefined)
  expect(calls).toBeGreaterThan(2)
  expect(await Promise.all(rooms.map((room) => countIn('archive', room)))).toEqual(expected)
})

it('a message with an archived key is answered with its first result', async () => {
  const room = await kit.publicRoom(owner)
  const seq = await kit.send(owner, room, 'once', 'the-key')
  await archiveAll()
  expect(await countIn('entry', room)).toBe(0)
  const again = await kit.rooms.sendMessage({ user: owner, room, body: 'twice', client_id: 'the-key' })
  expect([again.fresh, again.entry.seq, again.entry.body]).toEqual([false, seq, 'once'])
})

it('the words of an archived message are erased from the archive when it is deleted', async () => {
  const room = await kit.publicRoom(owner)
  const seq = await kit.send(owner, room, 'a secret')
  await kit.rooms.editMessage({ user: owner, room, target: seq, body: 'another secret' })
  await archiveAll()
  await kit.rooms.deleteMessage({ user: owner, room, target: seq })
  const { rows } = await kit.database.query(
    `select 1 from rooms.log where room_id = $1 and body like '%secret%'`,
    [room],
  )
  expect(rows).toEqual([])
})

/** Ends the connection that moves entries, a moment after it was seen to do so; or does nothing when it is over before. */
async function cutOff(killer: Database, delayMs: number, isOver: () => boolean): Promise<void> {
  const moving = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and query like 'select * from rooms.move_entries%'`
  while (!isOver()) {
    const { rows } = await killer.query<{ pid: number }>(`select pid ${moving} and state = 'active'`)
    if (rows[0] === undefined) continue
    await new Promise<void>((resolve) => systemClock.after(delayMs, resolve))
    await killer.query(`select pg_terminate_backend(pid) ${moving} and pid = $1`, [rows[0].pid])
    return
  }
}

/** About as long as a batch takes. */
const CUT_AFTER_MAX_MS = 6

it('a batch that is cut off anywhere loses nothing and moves nothing twice', async () => {
  const room = await roomOf(20_000)
  const count = await countIn('log', room)
  const killer = createDatabase({ connection: kit.connection, maxConnections: 1, log: silentLog })
  let cuts = 0
  for (let attempt = 0; attempt < 12; attempt++) {
    const database = createDatabase({ connection: kit.connection, maxConnections: 1, log: silentLog })
    let isOver = false
    const work = archiveAll(database).then(
      () => {
        isOver = true
      },
      () => {
        isOver = true
        cuts++
      },
    )
    for (let tries = 0; !isOver; tries++)
      await cutOff(killer, (attempt + tries) % CUT_AFTER_MAX_MS, () => isOver)
    await work
    await database.close()
    expect((await countIn('entry', room)) + (await countIn('archive', room))).toBe(count)
  }
  await archiveAll()
  await killer.close()
  expect(cuts).toBeGreaterThan(2)
  const { rows } = await kit.database.query<{ noted: number; distinct: number }>(
    `select (select sum(entries)::int from rooms.archive_move where room_id = $1) as noted,
       (select count(distinct seq)::int from rooms.archive where room_id = $1) as distinct`,
    [room],
  )
  expect(rows[0]).toEqual({ noted: count, distinct: count })
}, 60_000)

it('people who edit and delete while entries are moved away under them lose no change', async () => {
  const room = await kit.publicRoom(owner)
  const seqs: number[] = []
  for (let i = 0; i < 60; i++) seqs.push(await kit.send(owner, room, `text ${i}`))
  let isDone = false
  const moving = (async () => {
    while (!isDone)
      await kit.database.query(
        `select * from rooms.move_entries(array[$1], array[0::bigint], array['infinity'::timestamptz], 3)`,
        [room],
      )
  })()
  await Promise.all(
    seqs.map((target, i) =>
      i % 3 === 0
        ? kit.rooms.deleteMessage({ user: owner, room, target })
        : kit.rooms.editMessage({ user: owner, room, target, body: `edited ${i}` }),
    ),
  )
  isDone = true
  await moving
  await archiveAll()
  for (const [i, seq] of seqs.entries()) {
    const { message } = await kit.rooms.getMessage({ user: owner, room, seq })
    expect([seq, message.body, message.deleted]).toEqual(
      i % 3 === 0 ? [seq, '', true] : [seq, `edited ${i}`, undefined],
    )
  }
})

it('the planner is told of an archive that grows, so that nobody goes on with a plan for an empty one', async () => {
  const room = await roomOf(3_000)
  await kit.database.query('truncate rooms.archive')
  await kit.database.query('analyze rooms.archive')
  await archiveAll()
  const { rows } = await kit.database.query<{ known: number }>(
    `select reltuples::int as known from pg_class where oid = 'rooms.archive'::regclass`,
  )
  expect(rows[0]?.known).toBeGreaterThan(500)
  expect(await countIn('entry', room)).toBe(0)
})

it('a deleted room leaves nothing in the archive', async () => {
  const room = await roomOf(50)
  await archiveAll()
  expect(await countIn('archive', room)).toBeGreaterThan(0)
  await kit.rooms.deleteRoom({ user: owner, room })
  while (await purgeDeletedRooms(kit.database, silentLog));
  expect(await countIn('log', room)).toBe(0)
})
