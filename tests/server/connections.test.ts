/** What the embedded PostgreSQL has to give is enough for all that the roles of one process may open at once. */
import { join } from 'node:path'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { silentLog } from '@parley/contracts'
import { READS_AT_ONCE_MAX } from '@parley/gateways/http/take-turns'
import { expect, onTestFinished, test } from 'vitest'
import { roleOf } from '../../apps/server/src/topology/service-roles.ts'
import { signUp } from '../abuse/lib/people.ts'
import { startTestServer } from '../support/test-server.ts'

/** Reads of each service, one fewer than its pool has connections: the last one is for what the service does by itself. */
const READS = [
  { path: '/rooms', count: 19, answer: 200 },
  { path: '/users/me', count: 5, answer: 200 },
  { path: '/notifications', count: 7, answer: 200 },
  { path: '/files/unknown', count: 5, answer: 404 },
]
const TABLES = 'rooms.member, auth.account, notifications.item, files.file'
/** Ten connections beside the server: what is kept free for an operator's commands. */
const COMMANDS = 10

test('while all pools are full and an operator is busy beside it, nobody is refused', async () => {
  const server = await startTestServer()
  onTestFinished(async () => void (await server.stop()))
  const wanted = READS.reduce((sum, { count }) => sum + count, 0)
  const people = await Promise.all(
    Array.from({ length: Math.ceil(wanted / READS_AT_ONCE_MAX) }, (_, one) => signUp(server, `reader${one}`)),
  )
  const host = join(server.dataDirectory, 'postgres')
  const database = createDatabase({
    connection: { host, port: 5432, user: roleOf('rooms'), database: 'parley' },
    maxConnections: COMMANDS,
    log: silentLog,
  })
  onTestFinished(() => database.close())
  await Promise.all(Array.from({ length: COMMANDS }, () => database.query('select pg_sleep(0.05)')))

  const owner = createDatabase({
    connection: { host, port: 5432, user: 'parley', database: 'parley' },
    maxConnections: 1,
    log: silentLog,
  })
  onTestFinished(() => owner.close())
  const answers = await owner.transaction(async (transaction) => {
    await transaction.query(`lock table ${TABLES} in access exclusive mode`)
    const asked = READS.flatMap(({ path, count }) => Array.from({ length: count }, () => path)).map(
      async (path, one) => {
        const answer = await people[one % people.length]?.ask('GET', path)
        return `${path} ${answer?.status}`
      },
    )
    const waiting = async () =>
      (
        await transaction.query<{ count: number }>(
          `select count(distinct pid)::int as count from pg_locks where not granted`,
        )
      ).rows[0]?.count
    await expect.poll(waiting, { timeout: 20_000, interval: 50 }).toBeGreaterThanOrEqual(wanted)
    return { asked }
  })
  expect(await Promise.all(answers.asked)).toEqual(
    READS.flatMap(({ path, count, answer }) => Array.from({ length: count }, () => `${path} ${answer}`)),
  )
  expect(server.output()).not.toContain('connection slots')
})
