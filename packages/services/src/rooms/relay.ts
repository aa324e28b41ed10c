/**
 * Works off the outbox: announces the heads that a dead process may not have announced, makes the messages
 * searchable, and only then removes the row. Any number of processes may run it: rows are skipped while another
 * holds them.
 */
import type { Clock, Database, Log, Queryable } from '@parley/contracts'
import type { Announcer } from './announcer.ts'
import { purgeDeletedRooms } from './delete-room.ts'

/** Rows this young are left to the process that wrote them. */
const OWN_MS = 1_000
const IDLE_INTERVAL_MS = 1_000
/** Between batches while there is work, so that a flood of sends keeps the processor. */
const BUSY_INTERVAL_MS = 50
const BATCH_MAX_ROWS = 50
const PURGE_INTERVAL_MS = 5_000

export interface Relay {
  start(): void
  /** One batch; how many rows it removed. For tests and for draining. */
  run(): Promise<number>
  close(): Promise<void>
}

interface OutboxRow {
  id: number
  heads: Record<string, number>
}

export function createRelay(parts: {
  database: Database
  announcer: Announcer
  clock: Clock
  log: Log
}): Relay {
  const { database, announcer, clock, log } = parts
  let closed = false
  let cancel: (() => void) | undefined
  let running: Promise<void> = Promise.resolve()
  let purgeAt = 0

  async function run(): Promise<number> {
    return database.transaction(async (transaction) => {
      const { rows } = await transaction.query<OutboxRow>(
        `select id, heads from rooms.outbox where at < now() - make_interval(secs => $1) order by id limit $2 for update skip locked`,
        [OWN_MS / 1_000, BATCH_MAX_ROWS],
        'rooms.outbox',
      )
      if (rows.length === 0) return 0
      const heads = new Map<string, number>()
      for (const row of rows) {
        const mine = announcer.takeAnnounced(row.id)
        for (const [room, head] of Object.entries(row.heads)) {
          heads.set(room, Math.max(head, heads.get(room) ?? 0))
          if (!mine) announcer.room(room, { type: 'head', head_seq: head })
        }
      }
      await indexMessages(transaction, heads)
      await transaction.query(
        'delete from rooms.outbox where id = any($1)',
        [rows.map((row) => row.id)],
        'rooms.outbox-done',
      )
      return rows.length
    })
  }

  async function tick(): Promise<void> {
    let delayMs = IDLE_INTERVAL_MS
    try {
      if ((await run()) === BATCH_MAX_ROWS) delayMs = BUSY_INTERVAL_MS
      if (clock.now() >= purgeAt) {
        const more = await purgeDeletedRooms(database, log)
        purgeAt = clock.now() + (more ? 0 : PURGE_INTERVAL_MS)
        if (more) delayMs = BUSY_INTERVAL_MS
      }
    } catch (error) {
      log.warn({ error: String(error) }, 'outbox not worked off; trying again')
    }
    if (!closed) {
      cancel = clock.after(delayMs, () => {
        running = tick()
      })
    }
  }

  return {
    run,
    start() {
      running = tick()
    },
    async close() {
      closed = true
      cancel?.()
      await running
    },
  }
}

/**
 * Two steps, so that senders wait for neither: the rows are written without any lock, then the rooms are locked for
 * the moment it takes to look again at what was edited or deleted meanwhile. Edits wait for that lock and find the
 * rows there.
 */
async function indexMessages(transaction: Queryable, heads: ReadonlyMap<string, number>): Promise<void> {
  const rooms = [...heads.keys()].sort()
  const upto = rooms.map((room) => heads.get(room) ?? 0)
  const due = `select r.id, r.indexed_seq, h.head as upto from unnest($1::text[], $2::bigint[]) as h(id, head)
    join rooms.room r on r.id = h.id and r.deleted_at is null and r.indexed_seq < h.head`
  await transaction.query(
    `with due as (${due})
     insert into rooms.search (room_id, seq, sender, at, folded)
     select e.room_id, e.seq, e.sender, e.at, public.parley_fold(coalesce(x.body, e.body))
     from due join rooms.entry e on e.room_id = due.id and e.seq > due.indexed_seq and e.seq <= due.upto and e.kind = 'message' and not e.redacted
     left join rooms.entry x on x.room_id = e.room_id and x.seq = e.edit_seq
     order by e.room_id, e.seq on conflict do nothing`,
    [rooms, upto],
    'rooms.index',
  )
  await transaction.query(
    'select 1 from rooms.room where id = any($1) order by id for update',
    [rooms],
    'rooms.index-lock',
  )
  await transaction.query(
    `with due as (${due}),
     changed as (
       select e.room_id, e.seq, e.redacted, x.body from due
       join rooms.entry e on e.room_id = due.id and e.seq > due.indexed_seq and e.seq <= due.upto and e.kind = 'message'
       left join rooms.entry x on x.room_id = e.room_id and x.seq = e.edit_seq
       where e.redacted or e.edit_seq is not null),
     gone as (delete from rooms.search s using changed c where s.room_id = c.room_id and s.seq = c.seq and c.redacted),
     renewed as (
       update rooms.search s set folded = public.parley_fold(c.body) from changed c
       where s.room_id = c.room_id and s.seq = c.seq and not c.redacted)
     update rooms.room r set indexed_seq = due.upto from due where r.id = due.id`,
    [rooms, upto],
    'rooms.index-done',
  )
}
