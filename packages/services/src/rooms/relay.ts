/**
 * Works off the outbox in two stages that do not wait for each other. The first announces the heads that a dead
 * process may not have announced, within two seconds, whatever the queue does. The second hands what was announced to
 * the queue and removes the rows once it has confirmed them; while the queue is away rows simply wait. Any number of
 * processes may run both: rows are skipped while another holds them.
 */
import { createHash } from 'node:crypto'
import {
  type Clock,
  type Database,
  type Log,
  noTracer,
  type Tracer,
  type WorkItem,
  type WorkQueue,
} from '@parley/contracts'
import { repeat } from '../shared/repeat.ts'
import type { Announcer } from './announcer.ts'
import { purgeDeletedRooms } from './delete-room.ts'
import { readFacts } from './read-room.ts'
import { traceHandOver } from './trace-batch.ts'

/** Rows this young are left to the process that wrote them. */
const OWN_MS = 1_000
const IDLE_INTERVAL_MS = 1_000
/** Between batches while there is work, so that a flood of sends keeps the processor. */
const BUSY_INTERVAL_MS = 50
/** After a first failure; it doubles up to the second one. */
const RETRY_FROM_MS = 1_000
const RETRY_TO_MS = 10_000
const ANNOUNCE_MAX_ROWS = 500
const HAND_OVER_MAX_ROWS = 500
/** A row has at most as many heads as a batch of senders has rooms; an item never has more than this. */
const ITEM_MAX_HEADS = 200
const PURGE_INTERVAL_MS = 5_000

export interface Relay {
  start(): void
  /** One batch of both stages; how many rows the second removed. Throws when the queue is away. For tests. */
  run(): Promise<number>
  close(): Promise<void>
}

interface OutboxRow {
  id: number
  heads: Record<string, number>
  /** Only of `announce`: the rooms' facts changed as well. */
  facts?: boolean
  /** Only of `handOver`. */
  trace?: string | null
}

export interface RelayParts {
  readonly database: Database
  readonly announcer: Announcer
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Log
  readonly tracer?: Tracer
}

export function createRelay(parts: RelayParts): Relay {
  const { database, clock, log } = parts
  let troubles = 0
  let purgeAt = 0

  const announcing = repeat(clock, async () => {
    try {
      const count = await announce(parts)
      if (count > 0) handing.hurry()
      return count === ANNOUNCE_MAX_ROWS ? BUSY_INTERVAL_MS : IDLE_INTERVAL_MS
    } catch (error) {
      log.warn({ error: String(error) }, 'outbox not announced; trying again')
      return IDLE_INTERVAL_MS
    }
  })
  const handing = repeat(clock, async () => {
    try {
      const count = await handOver(parts)
      if (troubles > 0) log.info({}, 'the outbox is worked off again')
      troubles = 0
      return count === HAND_OVER_MAX_ROWS ? BUSY_INTERVAL_MS : IDLE_INTERVAL_MS
    } catch (error) {
      if (troubles++ === 0) log.warn({ error: String(error) }, 'outbox not worked off; trying again')
      return Math.min(RETRY_TO_MS, RETRY_FROM_MS * 2 ** (troubles - 1))
    }
  })
  const purging = repeat(clock, async () => {
    if (clock.now() < purgeAt) return IDLE_INTERVAL_MS
    try {
      if (await purgeDeletedRooms(database, log)) return BUSY_INTERVAL_MS
    } catch (error) {
      log.warn({ error: String(error) }, 'deleted rooms not purged; trying again')
    }
    purgeAt = clock.now() + PURGE_INTERVAL_MS
    return IDLE_INTERVAL_MS
  })
  const loops = [announcing, handing, purging]

  return {
    start() {
      for (const loop of loops) loop.start()
    },
    async run() {
      await announce(parts)
      return handOver(parts)
    },
    async close() {
      await Promise.all(loops.map((loop) => loop.close()))
    },
  }
}

/** One batch; how many rows are announced now that were not. */
async function announce({ database, announcer }: RelayParts): Promise<number> {
  if (!announcer.heard) return 0
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.query<OutboxRow>(
      `select id, heads, facts from rooms.outbox where not announced and at < now() - make_interval(secs => $1)
       order by id limit $2 for update skip locked`,
      [OWN_MS / 1_000, ANNOUNCE_MAX_ROWS],
      'rooms.outbox-unannounced',
    )
    if (rows.length === 0) return 0
    const heads = new Map<string, number>()
    for (const row of rows) if (!announcer.takeAnnounced(row.id)) addHeads(heads, row)
    for (const [room, head] of heads) announcer.room(room, { type: 'head', head_seq: head })
    // Retention has raised floors: whoever shows such a room is told by its facts.
    const changed = rows.flatMap((row) => (row.facts === true ? Object.keys(row.heads) : []))
    for (const facts of await readFacts(transaction, [...new Set(changed)]))
      announcer.room(facts.id, { type: 'updated', room: facts })
    await transaction.query(
      'update rooms.outbox set announced = true where id = any($1)',
      [rows.map((row) => row.id)],
      'rooms.outbox-announced',
    )
    return rows.length
  })
}

/** One batch; how many rows the queue has taken over. Throws what `publish` throws. */
async function handOver({ database, queue, tracer = noTracer }: RelayParts): Promise<number> {
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.query<OutboxRow>(
      'select id, heads, trace from rooms.outbox where announced order by id limit $1 for update skip locked',
      [HAND_OVER_MAX_ROWS],
      'rooms.outbox-work',
    )
    if (rows.length === 0) return 0
    await traceHandOver(tracer, rows, (trace) => queue.publish('room.entries', toItems(rows, trace)))
    await transaction.query(
      'delete from rooms.outbox where id = any($1)',
      [rows.map((row) => row.id)],
      'rooms.outbox-done',
    )
    return rows.length
  })
}

/** The same rows make the same items, ids included, so that a repetition can be told; only `trace` may differ. */
function toItems(rows: readonly OutboxRow[], trace: string | undefined): WorkItem[] {
  const heads = new Map<string, number>()
  for (const row of rows) addHeads(heads, row)
  const id = createHash('sha256')
    .update(rows.map((row) => row.id).join())
    .digest('base64url')
  const all = [...heads]
  const items: WorkItem[] = []
  for (let from = 0; from < all.length; from += ITEM_MAX_HEADS) {
    const some = Object.fromEntries(all.slice(from, from + ITEM_MAX_HEADS))
    items.push({ id: `${id}.${items.length}`, body: JSON.stringify({ heads: some, trace }) })
  }
  return items
}

function addHeads(heads: Map<string, number>, row: OutboxRow): void {
  for (const [room, head] of Object.entries(row.heads)) {
    heads.set(room, Math.max(head, heads.get(room) ?? 0))
  }
}
