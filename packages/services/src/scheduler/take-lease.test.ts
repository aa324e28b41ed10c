import { type Database, type Queryable, systemClock } from '@parley/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/test-database.ts'
import { type Lease, takeLease } from './take-lease.ts'

const times = { renewMs: 50, leaseMs: 300, serverIdleMs: 600 }
const clock = systemClock

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase([], 12)
})
afterAll(() => store.drop())

const take = (name: string, database: Database = store.database) =>
  takeLease({ database, name, clock, times })

function ended(lease: Lease): Promise<number> {
  return new Promise((resolve) => {
    lease.signal.addEventListener('abort', () => resolve(clock.now()), { once: true })
  })
}

/** Resolves with the moment at which somebody else has it. */
async function takenByAnother(name: string): Promise<{ lease: Lease; at: number }> {
  for (;;) {
    const lease = await take(name)
    if (lease !== undefined) return { lease, at: clock.now() }
    await new Promise<void>((resolve) => clock.after(5, resolve))
  }
}

/** A database whose line goes dead without a word: nothing is answered any more, and PostgreSQL hears nothing. */
function deadening(database: Database): { database: Database; die(): void; bury(): void } {
  let isDead = false
  const buried = Promise.withResolvers<never>()
  buried.promise.catch(() => undefined)
  const deaden = (transaction: Queryable): Queryable => ({
    query: (...args) => (isDead ? buried.promise : transaction.query(...args)),
  })
  return {
    database: { ...database, transaction: (work) => database.transaction((inside) => work(deaden(inside))) },
    die: () => {
      isDead = true
    },
    /** As TCP does after a quarter of an hour. */
    bury: () => buried.reject(new Error('the line is dead')),
  }
}

test('one has it at a time, and another one after its release', async () => {
  const first = await take('one')
  expect(first?.isHeld()).toBe(true)
  expect(await take('one')).toBeUndefined()
  const other = await take('other')
  expect(other?.isHeld()).toBe(true)
  await first?.release()
  expect(first?.isHeld()).toBe(false)
  const second = await take('one')
  expect(second?.isHeld()).toBe(true)
  await Promise.all([second?.release(), other?.release()])
})

test('it is held for as long as it is renewed', async () => {
  const lease = await take('long')
  await new Promise<void>((resolve) => clock.after(times.serverIdleMs * 2, resolve))
  expect(lease?.isHeld()).toBe(true)
  expect(await take('long')).toBeUndefined()
  await lease?.release()
})

test('whose connection PostgreSQL ends has it no more', async () => {
  const lease = await take('ended')
  if (lease === undefined) throw new Error('not taken')
  const over = ended(lease)
  await store.database.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = hashtext('ended')::bigint & 4294967295`,
  )
  await over
  expect(lease.isHeld()).toBe(false)
})

test('whose line is dead stops believing before another can have it', async () => {
  for (let round = 0; round < 3; round++) {
    const line = deadening(store.database)
    const lease = await take('dead', line.database)
    if (lease === undefined) throw new Error('not taken')
    const over = ended(lease)
    line.die()
    const next = await takenByAnother('dead')
    expect(lease.isHeld()).toBe(false)
    expect(await over).toBeLessThanOrEqual(next.at)
    await next.lease.release()
    line.bury()
  }
})
