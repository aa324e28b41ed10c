import { createDatabase } from '@parley/adapters/postgres/create-database'
import { silentLog, systemClock } from '@parley/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { holdDatabase } from '../../apps/server/src/topology/hold-database.ts'
import { createTestDatabase } from '../support/test-database.ts'

/** Twenty times as fast, so that the keep-alive of ten seconds comes every half. */
const fastClock = {
  ...systemClock,
  after: (delayMs: number, callback: () => void) => systemClock.after(delayMs / 20, callback),
}

async function setUp() {
  const { connection, database, drop } = await createTestDatabase([])
  onTestFinished(drop)
  const lost: string[] = []
  const hold = async () => {
    const own = createDatabase({ connection, maxConnections: 1, log: silentLog })
    onTestFinished(() => own.close())
    const held = await holdDatabase({
      database: own,
      clock: fastClock,
      log: silentLog,
      onLost: (reason) => lost.push(reason.message),
    })
    onTestFinished(() => held.release())
    return held
  }
  return { database, hold, lost }
}

test('a second program on the same database is refused until the first one lets go', async () => {
  const { hold } = await setUp()
  const first = await hold()
  await expect(hold()).rejects.toThrow('Another Parley runs on this database')
  await first.release()
  await (await hold()).release()
})

test('a hold whose connection was cut is taken again', async () => {
  const { database, hold, lost } = await setUp()
  await hold()
  await database.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())`,
  )
  const holders = async () => {
    const { rows } = await database.query<{ count: number }>(
      `select count(*)::int as count from pg_locks where locktype = 'advisory' and granted
         and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows[0]?.count
  }
  await expect.poll(holders, { timeout: 20_000 }).toBe(1)
  expect(lost).toEqual([])
})

test('an idle hold keeps neither a snapshot nor a transaction id from being cleaned up', async () => {
  const { database, hold } = await setUp()
  await hold()
  const { rows } = await database.query<{ backend_xmin: string | null; backend_xid: string | null }>(
    `select backend_xmin::text, backend_xid::text from pg_stat_activity
     where state = 'idle in transaction' and datname = current_database()`,
  )
  expect(rows).toEqual([{ backend_xmin: null, backend_xid: null }])
})
