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
import { formatCount, formatRatio, markdownTable } from '../lib/report.ts'
import { median, percentile } from '../lib/statistics.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'

/**
 * What people feel while old messages move to the archive: a rooms service on an embedded PostgreSQL with `fsync` on,
 * senders at a steady pace in the same process, and the archive beside them. It moves for some seconds and stands still
 * for as many, in turn, so that whatever else the machine does falls on both. Nothing is pinned.
 */

export const workload: Workload = {
  title: 'archive: sends while old messages move to the archive',
  defaults: { messages: 1_000_000, rooms: 200, 'sends-per-second': 500, 'turn-seconds': 5 },
  pinned: false,
  packages: ['pg'],
  run,
}

const TICK_MS = 10
const DAY_MS = 86_400_000

interface Setting {
  readonly database: Database
  readonly rooms: RunningRoomsService
  readonly ids: readonly string[]
  readonly user: string
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-bench-archive-'))
  context.own(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const postgres = await startPostgres({ dataDirectory: join(directory, 'postgres'), log: () => undefined })
  context.own(() => postgres.stop())
  const database = createDatabase({ connection: postgres.connection, maxConnections: 20, log: silentLog })
  context.own(() => database.close())
  const setting = await setUp(context, database)
  context.own(() => setting.rooms.close())
  const before = await count(database)
  const bytesBefore = await sizeBytes(database, 'entry')
  context.log(`${formatCount(before.hot)} messages are stored; the archive begins`)
  const { felt, moved, movingMs } = await sendWhileMoving(context, setting)
  const after = await count(database)
  if (
    after.noted !== moved ||
    after.archived !== moved ||
    !after.dense ||
    after.hot !== before.hot - moved + felt.sent
  )
    throw new Error(`the tables do not agree: ${JSON.stringify({ before, after, moved, sent: felt.sent })}`)
  return report({
    calm: describeSends(felt.calm),
    moving: describeSends(felt.moving),
    moved,
    movedPerSecond: (moved / movingMs) * 1_000,
    entries: { before, after },
    bytes: { hotBefore: bytesBefore, archive: await sizeBytes(database, 'archive') },
    across: await readAcross(setting),
  })
}

async function setUp(context: BenchContext, database: Database): Promise<Setting> {
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
    files: {
      describeFiles: async () => ({ files: [] }),
      makeSquare: () => Promise.reject(new Error('there are no files here')),
      dropFiles: async () => ({}),
    },
  })
  await rooms.syncUsers({ users: [record] })
  const ids: string[] = []
  for (let i = 0; i < option(context, 'rooms'); i++)
    ids.push((await rooms.createRoom({ user, kind: 'public', name: `room ${i}`, usernames: [] })).room.id)
  for (const [index, id] of ids.entries()) {
    context.progress(`storing old messages: room ${index + 1} of ${ids.length}`)
    await database.query(
      `with head as (update rooms.room set head_seq = head_seq + $2, indexed_seq = head_seq + $2 where id = $1 returning head_seq - $2 as base)
       insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body)
       select $1, base + n, 'message', $3, 'old-' || n, now() - interval '400 days' + make_interval(secs => n),
         'an old message of about a hundred letters, as people write them in a room, number ' || n || ' ' || md5(n::text)
       from head, generate_series(1, $2::int) n`,
      [id, Math.ceil(option(context, 'messages') / option(context, 'rooms')), user],
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
  sent: number
}

type Turn = 'calm' | 'moving'

async function sendWhileMoving(
  context: BenchContext,
  setting: Setting,
): Promise<{ felt: Felt; moved: number; movingMs: number }> {
  const felt: Felt = { calm: [], moving: [], sent: 0 }
  const turnMs = option(context, 'turn-seconds') * 1_000
  const before = Date.now() - 365 * DAY_MS
  let turn: Turn = 'calm'
  let isOver = false
  const sending = send(
    setting,
    option(context, 'sends-per-second'),
    (ms, when) => {
      felt[when].push(ms)
      felt.sent++
    },
    () => (isOver ? undefined : turn),
  )
  let moved = 0
  let movingMs = 0
  let after: string | undefined
  do {
    turn = 'calm'
    await delay(turnMs)
    turn = 'moving'
    const startedAt = performance.now()
    do {
      const step = await setting.rooms.archiveEntries({ before, after })
      moved += step.moved
      after = step.next
    } while (after !== undefined && performance.now() - startedAt < turnMs)
    movingMs += performance.now() - startedAt
    context.progress(`${moved} messages moved`)
  } while (after !== undefined)
  isOver = true
  await sending
  return { felt, moved, movingMs }
}

/** Sends at its pace, whatever the answers take, until the turn is undefined. */
async function send(
  { rooms, ids, user }: Setting,
  perSecond: number,
  onTook: (ms: number, turn: Turn) => void,
  turnNow: () => Turn | undefined,
): Promise<void> {
  const waiting = new Set<Promise<void>>()
  const startedAt = performance.now()
  let sent = 0
  for (let turn = turnNow(); turn !== undefined; turn = turnNow()) {
    const made = turn
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
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

interface Sends {
  readonly sent: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly mostMs: number
}

function describeSends(took: readonly number[]): Sends {
  const [p50Ms, p99Ms, p999Ms, mostMs] = [50, 99, 99.9, 100].map((rank) => percentile(took, rank))
  return { sent: took.length, p50Ms, p99Ms, p999Ms, mostMs } as Sends
}

interface Counts {
  readonly hot: number
  readonly archived: number
  /** As the moves were noted. */
  readonly noted: number
  /** Every room has each seq up to its head once. */
  readonly dense: boolean
}

async function count(database: Database): Promise<Counts> {
  const { rows } = await database.query<Counts>(
    `select (select count(*)::int from rooms.entry) as hot, (select count(*)::int from rooms.archive) as archived,
       (select coalesce(sum(entries), 0)::int from rooms.archive_move) as noted,
       (select bool_and(l.count = r.head_seq and l.least = 1 and l.most = r.head_seq) from rooms.room r
        join (select room_id, count(*) as count, min(seq) as least, max(seq) as most from rooms.log group by 1) l on l.room_id = r.id) as dense`,
  )
  const [counts] = rows
  if (counts === undefined) throw new Error('nothing was counted')
  return counts
}

/** With its indexes. */
async function sizeBytes(database: Database, table: 'entry' | 'archive'): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(
    'select pg_total_relation_size($1)::float8 as bytes',
    [`rooms.${table}`],
  )
  return rows[0]?.bytes ?? 0
}

interface Across {
  readonly pages: number
  readonly slowestPageMs: number
  readonly searchMs: { readonly archived: number; readonly hot: number }
}

/** From the newest page to the first message, and a search that finds one on either side. */
async function readAcross({ rooms, ids, user }: Setting): Promise<Across> {
  const room = ids[0] ?? ''
  const took: number[] = []
  let seen = 0
  let before: number | undefined
  for (let more = true; more; ) {
    const at = performance.now()
    const page = await rooms.listMessages({ user, room, limit: 100, before })
    took.push(performance.now() - at)
    seen += page.messages.length
    before = page.messages[0]?.seq
    more = page.more
  }
  const { heads } = await rooms.heads({ rooms: [room] })
  // The first entry is the founder's joining, which is no message.
  const stored = (heads[room] ?? 0) - 1
  if (seen !== stored) throw new Error(`scrolling found ${seen} of ${stored} messages`)
  const search = async (query: string): Promise<number> => {
    const times: number[] = []
    for (let time = 0; time < 9; time++) {
      const at = performance.now()
      const { messages } = await rooms.searchMessages({ user, room, query, limit: 20 })
      if (messages.length === 0) throw new Error(`nothing was found for "${query}"`)
      times.push(performance.now() - at)
    }
    return median(times)
  }
  return {
    pages: took.length,
    slowestPageMs: Math.max(...took),
    searchMs: { archived: await search('number 77 '), hot: await search('a new message') },
  }
}

interface Figures {
  readonly calm: Sends
  readonly moving: Sends
  readonly moved: number
  readonly movedPerSecond: number
  readonly entries: { readonly before: Counts; readonly after: Counts }
  readonly bytes: { readonly hotBefore: number; readonly archive: number }
  readonly across: Across
}

function report(figures: Figures): WorkloadReport {
  const { calm, moving, moved, movedPerSecond, across } = figures
  const ratio = { p50: moving.p50Ms / calm.p50Ms, p99: moving.p99Ms / calm.p99Ms }
  const ms = (value: number): string => `${formatCount(value)} ms`
  const row = (label: string, sends: Sends): string[] => [
    label,
    formatCount(sends.sent),
    ...[sends.p50Ms, sends.p99Ms, sends.p999Ms, sends.mostMs].map(ms),
  ]
  const table = markdownTable({
    columns: [
      { title: 'sends', align: 'left' },
      ...['sent', 'p50', 'p99', 'p99.9', 'most'].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: [
      row('while nothing moves', calm),
      row('while messages move', moving),
      ['moving : still', '', formatRatio(ratio.p50), formatRatio(ratio.p99), '', ''],
    ],
  })
  const markdown = `${table}

${formatCount(moved)} messages moved, ${formatCount(movedPerSecond)} a second; each room has every message once, and as many moves are noted. Scrolled to the first message in ${across.pages} pages (the slowest ${ms(across.slowestPageMs)}); a search takes ${ms(across.searchMs.archived)} where it finds archived ones and ${ms(across.searchMs.hot)} where it finds new ones.`
  return { results: { ratio, ...figures }, markdown }
}
