import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { migrate } from '@parley/adapters/postgres/migrate'
import { type Database, silentLog } from '@parley/contracts'
import { roomsMigrations } from '@parley/services/rooms/migrations'
import { makeBodies } from '../lib/bodies.ts'

/**
 * The bare SQL ceiling: Parley's own `rooms.append` on its own tables, called from a loop by nobody's order, with
 * nothing received, checked, encoded or announced around it. Four lanes, as in the rooms service; each always has
 * one batch under way, with one message for each of its rooms and at most 300.
 *
 * Arguments: rooms, characters of a body, seconds of warm-up, seconds measured. Sends one `AppendResult` and ends.
 */

export interface AppendResult {
  messagesPerSecond: number
  batchMessages: number
}

const LANES = 4
const MAX_BATCH_MESSAGES = 300

const [rooms = 1000, bodyCharacters = 60, warmupSeconds = 1, measureSeconds = 5] = process.argv
  .slice(2)
  .map(Number)

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  const postgres = await startPostgres({ dataDirectory: join(directory, 'postgres'), log: () => {} })
  const database = createDatabase({ connection: postgres.connection, maxConnections: LANES, log: silentLog })
  try {
    await migrate(database, [roomsMigrations], silentLog)
    await fill(database)
    process.send?.(await loop(database))
  } finally {
    await database.close()
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** One user, a member of every room: `append` looks each pair up by its key, so one costs what many do. */
async function fill(database: Database): Promise<void> {
  await database.query(`insert into rooms.users (id, username, display_name, admin, disabled, permissions, version)
    values ('user-0000000000000000', 'bench', 'Bench', false, false, '{}', 1)`)
  await database.query(
    `insert into rooms.room (id, kind, name, name_key, owner_id, member_count)
     select 'room-' || lpad(i::text, 15, '0'), 'group', 'Room', 'room', 'user-0000000000000000', 1
     from generate_series(1, $1::int) i`,
    [rooms],
  )
  await database.query(
    `insert into rooms.member (room_id, user_id, role) select id, owner_id, 'owner' from rooms.room`,
  )
}

async function loop(database: Database): Promise<AppendResult> {
  const bodies = makeBodies(bodyCharacters)
  const started = performance.now()
  const from = started + warmupSeconds * 1000
  const until = from + measureSeconds * 1000
  let counted = 0
  let batches = 0
  const lane = async (index: number) => {
    const own = Array.from({ length: rooms }, (_, i) => i + 1).filter((room) => room % LANES === index)
    const ids = own.slice(0, MAX_BATCH_MESSAGES).map((room) => `room-${String(room).padStart(15, '0')}`)
    for (let batch = 0; performance.now() < until; batch++) {
      const { rows } = await database.query<{ fresh: boolean }>(
        'select * from rooms.append($1, $2, $3, $4, $5, $6)',
        [
          ids,
          ids.map(() => 'user-0000000000000000'),
          ids.map(() => `bench-${index}-${batch}`),
          ids.map((_, i) => bodies[(i + batch) % bodies.length]),
          ids.map(() => null),
          ids.map(() => null),
        ],
        'append',
      )
      if (!rows.every(({ fresh }) => fresh)) throw new Error('append did not store what it was given')
      const now = performance.now()
      if (now < from || now > until) continue
      counted += rows.length
      batches++
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
  return { messagesPerSecond: counted / measureSeconds, batchMessages: batches === 0 ? 0 : counted / batches }
}

await main()
process.disconnect?.()
