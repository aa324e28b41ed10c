/**
 * What people feel while old messages move to the archive: a rooms service on an embedded PostgreSQL with `fsync` on,
 * senders at a steady pace in the same process, and the archive beside them. It moves for some seconds and stands still for
 * as many, in turn, so that whatever else the machine does falls on both.
 *
 *   node bench/archive.ts [messages] [sends a second]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import { createIds, type Database, silentLog, systemClock } from '@parley/contracts'
import { createRoomsService, type RunningRoomsService } from '@parley/services/rooms/create-rooms-service'
import { roomsMigrations } from '@parley/services/rooms/migrations'

const MESSAGES = Number(process.argv[2] ?? 1_000_000)
const SENDS_PER_SECOND = Number(process.argv[3] ?? 500)
const ROOMS = 200
const TURN_MS = 5_000
const TICK_MS = 10
const DAY_MS = 86_400_000

interface Setting {
  readonly database: Database
  readonly rooms: RunningRoomsService
  readonly ids: readonly string[]
  readonly user: string
}

const directory = await mkdtemp(join(tmpdir(), 'parley-bench-archive-'))
const postgres = await startPostgres({ dataDirectory: join(directory, 'postgres'), log: () => undefined })
try {
  const database = createDatabase({ connection: postgres.connection, maxConnections: 20, log: silentLog })
  await run(await setUp(database))
  await database.close()
} finally {
  await postgres.stop()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

async function run(setting: Setting): Promise<void> {
  const { database, rooms } = setting
  const counted = await count(database)
  console.log(`messages: ${counted.hot} hot, ${await size(database, 'entry')} MB`)
  const { felt, moved, movingMs } = await sendWhileMoving(setting)
  for (const [when, took] of Object.entries(felt)) console.log(`${when.padEnd(8)} ${percentiles(took)}`)
  console.log(
    `moved ${moved} in ${(movingMs / 1_000).toFixed(0)} s: ${Math.round((moved / movingMs) * 1_000)}/s`,
  )
  const after = await count(database)
  console.log(
    `hot ${after.hot}, archived ${after.archived}, noted ${after.noted}, dense ${after.dense}; archive ${await size(database, 'archive')} MB`,
  )
  await readAcross(setting)
  await rooms.close()
}

async function setUp(database: Database): Promise<Setting> {
  await migrate(database, [roomsMigrations], silentLog)
  const newId = createIds()
  const user = newId()
  const record = {
    id: user,
    username: 'sender',
    display_name: 'Sender',
    avatar_file_id: null,
    admin: false,
    disabled: false,
    version: 1,
    permissions: { create_room: true, invite: true, remove_member: true, send_file: true, start_call: true },
  }
  const rooms = createRoomsService({
    database,
    bus: createInProcessBus(),
    queue: createInProcessWorkQueue(silentLog),
    clock: systemClock,
    newId,
    log: silentLog,
    auth: { userRecords: async () => ({ users: [record] }) },
    files: { describeFiles: async () => ({ files: [] }), dropFiles: async () => ({}) },
  })
  await rooms.syncUsers({ users: [record] })
  const ids: string[] = []
  for (let i = 0; i < ROOMS; i++)
    ids.push((await rooms.createRoom({ user, kind: 'public', name: `room ${i}`, usernames: [] })).room.id)
  for (const id of ids) {
    await database.query(
      `with head as (update rooms.room set head_seq = head_seq + $2, indexed_seq = head_seq + $2 where id = $1 returning head_seq - $2 as base)
       insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body)
       select $1, base + n, 'message', $3, 'old-' || n, now() - interval '400 days' + make_interval(secs => n),
         'an old message of about a hundred letters, as people write them in a room, number ' || n || ' ' || md5(n::text)
       from head, generate_series(1, $2::int) n`,
      [id, Math.ceil(MESSAGES / ROOMS), user],
    )
  }
  // The join of each founder is as old as what follows.
  await database.query(`update rooms.entry set at = now() - interval '401 days' where seq = 1`)
  await database.query(
    `insert into rooms.search (room_id, seq, sender, at, folded) select room_id, seq, sender, at, public.parley_fold(body)
     from rooms.entry where room_id = $1 and kind = 'message'`,
    [ids[0]],
  )
  await database.query('vacuum analyze')
  await database.query('checkpoint')
  await rooms.start()
  return { database, rooms, ids, user }
}

/** What sends took, in milliseconds, that were made in turns of either kind. */
interface Felt {
  readonly calm: number[]
  readonly moving: number[]
}

async function sendWhileMoving(setting: Setting): Promise<{ felt: Felt; moved: number; movingMs: number }> {
  const felt: Felt = { calm: [], moving: [] }
  const before = Date.now() - 365 * DAY_MS
  let turn: keyof Felt = 'calm'
  let isOver = false
  const sending = send(
    setting,
    (ms, when) => felt[when].push(ms),
    () => (isOver ? undefined : turn),
  )
  let moved = 0
  let movingMs = 0
  let after: string | undefined
  do {
    turn = 'calm'
    await delay(TURN_MS)
    turn = 'moving'
    const startedAt = performance.now()
    do {
      const step = await setting.rooms.archiveEntries({ before, after })
      moved += step.moved
      after = step.next
    } while (after !== undefined && performance.now() - startedAt < TURN_MS)
    movingMs += performance.now() - startedAt
  } while (after !== undefined)
  isOver = true
  await sending
  return { felt, moved, movingMs }
}

/** Sends at its pace, whatever the answers take, until the turn is undefined. */
async function send(
  { rooms, ids, user }: Setting,
  onTook: (ms: number, turn: keyof Felt) => void,
  turnNow: () => keyof Felt | undefined,
): Promise<void> {
  const waiting = new Set<Promise<void>>()
  const startedAt = performance.now()
  let sent = 0
  for (let turn = turnNow(); turn !== undefined; turn = turnNow()) {
    const made = turn
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * SENDS_PER_SECOND)
    for (; sent < due; sent++) {
      const room = ids[Math.floor(Math.random() * ids.length)] ?? ''
      const at = performance.now()
      const one = rooms
        .sendMessage({ user, room, client_id: crypto.randomUUID(), body: 'a new message' })
        .then(() => {
          onTook(performance.now() - at, made)
          waiting.delete(one)
        })
      waiting.add(one)
    }
    await delay(TICK_MS)
  }
  await Promise.all(waiting)
}

function percentiles(took: number[]): string {
  took.sort((a, b) => a - b)
  const share = (part: number) => (took[Math.floor(took.length * part)] ?? 0).toFixed(1)
  return `${took.length} sent; ms p50 ${share(0.5)}, p99 ${share(0.99)}, p99.9 ${share(0.999)}, most ${took.at(-1)?.toFixed(0)}`
}

async function count(database: Database) {
  const { rows } = await database.query<{ hot: number; archived: number; noted: number; dense: boolean }>(
    `select (select count(*)::int from rooms.entry) as hot, (select count(*)::int from rooms.archive) as archived,
       (select coalesce(sum(entries), 0)::int from rooms.archive_move) as noted,
       (select bool_and(l.count = r.head_seq and l.least = 1 and l.most = r.head_seq) from rooms.room r
        join (select room_id, count(*) as count, min(seq) as least, max(seq) as most from rooms.log group by 1) l on l.room_id = r.id) as dense`,
  )
  return rows[0] ?? { hot: 0, archived: 0, noted: 0, dense: false }
}

async function size(database: Database, table: 'entry' | 'archive'): Promise<string> {
  const { rows } = await database.query<{ all: number; heap: number }>(
    `select pg_total_relation_size($1) / 1e6 as all, pg_relation_size($1) / 1e6 as heap`,
    [`rooms.${table}`],
  )
  return `${rows[0]?.all.toFixed(0)} (rows ${rows[0]?.heap.toFixed(0)})`
}

/** From the newest page to the first message, and a search that finds one on either side. */
async function readAcross({ rooms, ids, user }: Setting): Promise<void> {
  const room = ids[0] ?? ''
  let seen = 0
  let pages = 0
  let slowest = 0
  let before: number | undefined
  for (;;) {
    const at = performance.now()
    const page = await rooms.listMessages({ user, room, limit: 100, before })
    slowest = Math.max(slowest, performance.now() - at)
    seen += page.messages.length
    pages++
    before = page.messages[0]?.seq
    if (!page.more || before === undefined) break
  }
  const { heads } = await rooms.heads({ rooms: [room] })
  console.log(
    `scrolled ${seen} of ${heads[room]} entries in ${pages} pages; slowest ${slowest.toFixed(1)} ms`,
  )
  for (let time = 0; time < 8; time++) {
    const at = performance.now()
    const listed = await rooms.listRooms({ user, limit: 200 })
    const listedAt = performance.now()
    await rooms.mark({ user, room, read: 10 + time })
    console.log(
      `${listed.rooms.length} rooms listed in ${(listedAt - at).toFixed(1)} ms; marked as read in ${(performance.now() - listedAt).toFixed(1)} ms`,
    )
  }
  for (const query of ['number 77 ', 'a new message']) {
    const at = performance.now()
    const found = await rooms.searchMessages({ user, room, query, limit: 20 })
    console.log(
      `search "${query}": ${found.messages.length} found in ${(performance.now() - at).toFixed(1)} ms`,
    )
  }
}
