import { chmod, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, startTestServer, type TestServer } from '../support/test-server.ts'
import { runParley, temporaryDirectory } from './run-parley.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const here = () => ({ PARLEY_DATA: server.dataDirectory, PARLEY_PORT: String(server.port) })

test('the demo fills a server with a team in two languages, and a second run changes nothing', async () => {
  const first = await runParley(['demo', '--url', server.url], {})
  expect(first).toMatchObject({ code: 0, errors: '' })
  const [, username = '', password = ''] =
    /as {2}(\S+) {2}with the password {2}(\S+)/.exec(first.output) ?? []
  const before = await snapshot(username, password)
  expect(before.length).toBeGreaterThanOrEqual(7)
  expect(new Set(before.map(({ kind }) => kind))).toEqual(new Set(['public', 'group', 'direct']))
  expect(before.some(({ unread }) => unread > 0)).toBe(true)

  const second = await runParley(['demo', '--url', server.url], {})
  expect(second).toMatchObject({ code: 0, errors: '' })
  expect(second.output).toContain('Everything was there already.')
  expect(second.output).not.toMatch(/: \d+ messages/)
  expect(await snapshot(username, password)).toEqual(before)
})

test('the demo asks for a password before it fills a server on another machine', async () => {
  const { code, errors } = await runParley(['demo', '--url', 'https://chat.example.org'], {})
  expect(code).toBe(1)
  expect(errors).toContain('Choose a password for the team with --password')
})

test('the demo says how to start a server when none answers', async () => {
  const { code, errors } = await runParley(['demo', '--url', `http://127.0.0.1:${await freePort()}`], {})
  expect(code).toBe(1)
  expect(errors).toMatch(/No Parley answers at .*start one with "npm start"/)
})

test('beside a running server, accounts are listed, promoted, disabled and enabled, and it holds at once', async () => {
  const admin = await register('boss')
  const guest = await register('guest')
  expect((await runParley(['user', 'promote', 'Boss'], here())).output).toContain(
    'boss is an administrator now',
  )
  expect((await runParley(['user', 'disable', 'guest'], here())).code).toBe(0)
  await expect.poll(() => status('/users/me', guest), { timeout: 5_000 }).toBe(401)
  expect(await status('/users/me', admin)).toBe(200)
  expect((await runParley(['user', 'list'], here())).output).toMatch(
    /^boss +\S.* +administrator$[\s\S]*^guest .* disabled$/m,
  )
  expect((await runParley(['user', 'enable', 'guest'], here())).code).toBe(0)
  expect(await logIn('guest')).toBe(200)
})

test('a forgotten password is replaced, and whoever was signed in with the old one is out', async () => {
  const token = await register('forgetful')
  const { output } = await runParley(['user', 'reset-password', 'forgetful'], here())
  const password = / is now {2}(\S+) {2}and/.exec(output)?.[1] ?? ''
  expect(await logIn('forgetful', password)).toBe(200)
  expect(await logIn('forgetful')).toBe(401)
  await expect.poll(() => status('/users/me', token), { timeout: 5_000 }).toBe(401)
  expect((await runParley(['user', 'reset-password', 'nobody.here'], here())).code).toBe(1)
})

test('an unknown user name is said, with where to look', async () => {
  const { code, errors } = await runParley(['user', 'promote', 'nobody.here'], here())
  expect(code).toBe(1)
  expect(errors).toContain(
    'There is no account with the user name nobody.here; "parley user list" shows all.',
  )
})

test('migrate makes a new database, without a server, and says when there is nothing to do', async () => {
  const data = await temporaryDirectory()
  const first = await runParley(['migrate'], { PARLEY_DATA: data })
  expect(first).toMatchObject({ code: 0, errors: '' })
  expect(first.output).toMatch(/^Applied \d+ migrations\.\n$/)
  expect((await runParley(['migrate'], { PARLEY_DATA: data })).output).toBe('The database is up to date.\n')
  expect((await runParley(['user', 'list'], { PARLEY_DATA: data })).code).toBe(0)
})

test('doctor finds nothing to mend beside a running server', async () => {
  const { code, output } = await runParley(['doctor'], here())
  expect(output).toContain(`Parley is running at http://127.0.0.1:${server.port}`)
  expect(output).toContain('PostgreSQL) 18')
  expect(output).toContain('Parley can run here.')
  expect(code).toBe(0)
})

test('doctor names what has to be mended and ends with 1', async () => {
  const data = await temporaryDirectory()
  await writeFile(join(data, 'format'), '99')
  await chmod(data, 0o700)
  const { code, output } = await runParley(['doctor'], {
    PARLEY_DATA: data,
    PARLEY_PORT: String(await freePort()),
  })
  expect(output).toMatch(/^BAD +data directory +.*newer Parley/m)
  expect(output).toContain('One thing has to be mended first.')
  expect(code).toBe(1)
})

test('a misspelt command, flag or setting is refused with what was probably meant', async () => {
  expect(await runParley(['strat'], {})).toMatchObject({
    code: 1,
    errors: expect.stringContaining('Did you mean start?'),
  })
  expect(await runParley(['start', '--prot', '1'], {})).toMatchObject({
    code: 1,
    errors: expect.stringContaining('Did you mean --port?'),
  })
  expect(await runParley(['start'], { PARLEY_PROT: '1' })).toMatchObject({
    code: 1,
    errors:
      'There is no setting PARLEY_PROT. Did you mean PARLEY_PORT? All settings are in docs/settings.md.\n',
  })
})

const PASSWORD = 'a long enough password'

async function post(path: string, body: object): Promise<Response> {
  return fetch(`${server.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function register(username: string): Promise<string> {
  const response = await post('/auth/register', { username, password: PASSWORD })
  return ((await response.json()) as { access_token: string }).access_token
}

async function logIn(login: string, password = PASSWORD): Promise<number> {
  return (await post('/auth/login', { login, password })).status
}

async function status(path: string, token: string): Promise<number> {
  return (await fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } }))
    .status
}

interface Glimpse {
  kind: string
  name: string
  head: number
  unread: number
}

async function snapshot(login: string, password: string): Promise<Glimpse[]> {
  const session = (await (await post('/auth/login', { login, password })).json()) as { access_token: string }
  const response = await fetch(`${server.url}/api/v1/rooms?limit=200`, {
    headers: { authorization: `Bearer ${session.access_token}` },
  })
  const { rooms } = (await response.json()) as {
    rooms: { kind: string; name: string; head_seq: number; me: { unread: number } }[]
  }
  return rooms.map(({ kind, name, head_seq, me }) => ({ kind, name, head: head_seq, unread: me.unread }))
}

test('a command on a directory without data says so and makes nothing', async () => {
  const data = join(await temporaryDirectory(), 'forgotten')
  const { code, errors } = await runParley(['user', 'list'], { PARLEY_DATA: data })
  expect(code).toBe(1)
  expect(errors).toContain('holds no data of Parley')
  await expect(stat(data)).rejects.toMatchObject({ code: 'ENOENT' })
})
