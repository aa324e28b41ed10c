/** The scheduler of a running server, and `parley jobs` beside it and without it. */
import { join } from 'node:path'
import { DATABASE } from '@parley/adapters/embedded/postgres/initialise-cluster'
import { openDoorway } from '@parley/adapters/embedded/postgres/open-doorway'
import { SOCKET_PORT } from '@parley/adapters/embedded/postgres/server-settings'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { type Database, silentLog } from '@parley/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { runParley } from './run-parley.ts'

let server: TestServer
let database: Database
let here: Record<string, string>
let closeDoorway: () => void
beforeAll(async () => {
  server = await startTestServer({ env: { PARLEY_ARCHIVE_AFTER: '30' } })
  here = { PARLEY_ARCHIVE_AFTER: '30', PARLEY_DATA: server.dataDirectory }
  const doorway = await openDoorway(join(server.dataDirectory, 'postgres'))
  closeDoorway = () => doorway.close()
  const connection = { host: doorway.host, port: SOCKET_PORT, user: DATABASE, database: DATABASE }
  database = createDatabase({ connection, maxConnections: 1, log: silentLog })
})
afterAll(async () => {
  await database.close()
  closeDoorway()
  await server.stop()
})

const jobs = (...args: string[]) => runParley(['jobs', ...args], here)

async function call(path: string, body?: object, token?: string): Promise<unknown> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(response.ok, `${path} ${response.status}`).toBe(true)
  return response.json()
}

async function countArchived(): Promise<number> {
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from rooms.archive')
  return rows[0]?.count ?? 0
}

const age = () => database.query(`update rooms.entry set at = at - interval '31 days'`)

test('old messages are archived by hand and by the scheduler, and nobody who reads notices', async () => {
  const person = { username: 'archivist', password: 'a long enough password' }
  const { access_token: token } = (await call('/auth/register', person)) as { access_token: string }
  const room = (await call('/rooms', { kind: 'public', name: 'old talk' }, token)) as {
    room?: { id: string }
    id?: string
  }
  const id = room.room?.id ?? room.id ?? ''
  const messages = `/rooms/${id}/messages`
  const send = (key: string) => call(messages, { client_id: key, body: `text of ${key}` }, token)
  await send('client-key-1')
  await send('client-key-2')
  await age()
  const before = await call(`${messages}?around=2`, undefined, token)
  const first = await jobs('run', 'archive')
  expect(first).toMatchObject({ code: 0, errors: '' })
  expect(first.output).toMatch(/^archive: done after \d+\.\d s \(entries: 3, rooms: 1\)\n$/)
  expect(await countArchived()).toBe(3)
  expect(await call(`${messages}?around=2`, undefined, token)).toEqual(before)

  await send('client-key-3')
  await age()
  await database.query(`update scheduler.job set next_at = now() where name = 'archive'`)
  await expect.poll(countArchived, { timeout: 10_000 }).toBe(4)
  const listed = (await jobs('list')).output
  expect(listed).toContain(
    'archive  moves what is older than 30 days, or than a room has chosen, to the archive',
  )
  expect(listed).toContain('schedule  17 3 * * * (UTC)')
  expect(listed).toMatch(/next {6}\d{4}-\d\d-\d\dT03:1[78]/)
  expect((await jobs('history', 'archive')).output).toMatch(
    /^archive {2}\S+ {2}done, \S+ s on .* \(entries: 1, rooms: 1\)\narchive {2}\S+ {2}done, \S+ s, by hand on .*\n$/,
  )
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('parley_scheduler_leads 1')
  expect(metrics).toContain('parley_job_runs_total{job="archive",outcome="done"} 1')

  await server.killProgram()
  expect(await jobs('run', 'archive')).toMatchObject({ code: 0, errors: '' })
  await server.restart()
  expect((await call(messages, undefined, token)) as { messages: unknown[] }).toMatchObject({
    messages: [
      { body: 'text of client-key-1' },
      { body: 'text of client-key-2' },
      { body: 'text of client-key-3' },
    ],
  })
})

test('retention says first what it would delete, heeds holds, and deletes what it said', async () => {
  const retention = { ...here, PARLEY_RETENTION: '30' }
  const run = (...args: string[]) => runParley(['jobs', 'run', 'retention', ...args], retention)
  const hold = (...args: string[]) => runParley(['hold', ...args], here)
  const count = async () => {
    const { rows } = await database.query<{ count: number }>('select count(*)::int as count from rooms.log')
    return rows[0]?.count
  }
  const placed = await hold('add', 'room', 'old talk', '--reason', 'case 17')
  expect(placed.output).toMatch(/^placed: 1 {2}room old talk: case 17 \(placed \S+ by \S+\)\n$/)
  expect((await run('--dry-run')).output).toMatch(
    /old talk {2}older than 30 days: stays: on hold \(3 messages\)\n/,
  )
  expect((await run()).output).toMatch(/^retention: done after .* \(messages: 0, /)
  expect((await hold('remove', '1')).output).toContain('lifted')

  const person = await hold(
    'add',
    'user',
    'archivist',
    '--reason',
    'case 18\n3  server: \u001b[2Jnone\u009b1m',
  )
  expect(person.output).toContain('2  user archivist: case 18 3  server:  [2Jnone 1m (placed')
  const said = await run('--dry-run')
  expect(said.output).toMatch(
    /retention would delete 3 messages in 1 rooms and 0 files of 0 bytes, and keep 3 messages for holds\. Nothing was changed\.\n$/,
  )
  expect(await count()).toBe(4)
  expect((await run()).output).toMatch(/\(messages: 3, entries: 4, kept: 3, rooms: 1\)/)
  expect(await count()).toBe(0)
  const [kept, listed, refused] = await Promise.all([
    hold('export', '2'),
    hold('list', '--all'),
    runParley(['jobs', 'run', 'archive', '--dry-run'], here),
  ])
  expect(
    kept.output
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { body: string }).body),
  ).toEqual(['text of client-key-1', 'text of client-key-2', 'text of client-key-3'])
  expect(listed.output).toMatch(/^1 {2}room old talk: .*; lifted .*\n2 {2}user archivist: .*\)\n$/)
  expect(refused.errors).toBe('Only retention has a dry run.\n')
})

test('a job that there is not is refused, and so is one that is off', async () => {
  const { code, errors } = await jobs('run', 'nothing')
  expect(code).toBe(1)
  expect(errors).toBe('There is no job nothing: "parley jobs list" shows those there are.\n')
  const off = { ...here, PARLEY_ARCHIVE_AFTER: 'off' }
  expect((await runParley(['jobs', 'list'], off)).output).not.toContain('archive')
  expect((await runParley(['jobs', 'run', 'archive'], off)).code).toBe(1)
})

test('a schedule or an age that is none is refused by name', async () => {
  const refused = async (settings: Record<string, string>) =>
    (await runParley(['jobs', 'list'], { ...here, ...settings })).errors
  expect(await refused({ PARLEY_ARCHIVE_SCHEDULE: 'daily' })).toContain(
    'PARLEY_ARCHIVE_SCHEDULE must be five fields',
  )
  expect(await refused({ PARLEY_ARCHIVE_AFTER: '0' })).toContain(
    'PARLEY_ARCHIVE_AFTER must be off, or a whole number',
  )
})
