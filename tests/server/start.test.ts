import { readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort, startTestServer, type TestServer } from '../support/test-server.ts'
import { isRunning, runParley, temporaryDirectory } from './run-parley.ts'

/** The promise is two seconds, and 0.5 is usual; a machine that runs other tests at the same time gets more. */
const RESTART_MAX_MS = 15_000

test('a first start prints where Parley is, what it made for its owner alone and the setup code, and the log keeps the code to itself', async () => {
  const server = await startTestServer({ env: { PARLEY_LOG: 'trace' }, fromNothing: true })
  onTestFinished(async () => void (await server.stop()))
  const printed = server.output()
  expect(printed).toContain(`Parley is ready at http://localhost:${server.port}`)
  expect(printed).toContain(`Made ${server.dataDirectory} `)
  const code = /Setup code .*: ([0-9a-z]{5}(?:-[0-9a-z]{5}){3})\n/.exec(printed)?.[1]
  expect(code).toBeDefined()
  const logged = printed.split('\n').filter((line) => line.startsWith('{'))
  expect(logged.length).toBeGreaterThan(3)
  expect(logged.filter((line) => line.includes(String(code)))).toEqual([])
  const { dataDirectory } = server
  // Only their owner can enter.
  for (const made of [dataDirectory, join(dataDirectory, 'postgres')])
    expect((await stat(made)).mode & 0o777, made).toBe(0o700)
  expect(await readdir(dataDirectory)).toEqual(expect.arrayContaining(['format', 'postgres']))
  await server.restart()
  expect(server.output().slice(printed.length)).not.toContain('Setup code')
})

test('of two starts on new data at the same moment one serves and the other says why not', async () => {
  const data = await temporaryDirectory()
  const starts = [1, 2].map(async () => {
    const server = await startTestServer({ dataDirectory: data, fromNothing: true }).catch(String)
    if (typeof server !== 'string') onTestFinished(async () => void (await server.stop()))
    return server
  })
  const outcomes = await Promise.all(starts)
  const refused = outcomes.filter((outcome) => typeof outcome === 'string')
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatch(/is in use by (PostgreSQL process \d+|another PostgreSQL server)/)
})

test('a port that another program holds is said in one sentence with a way out', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as { port: number }
  const { code, errors } = await runParley(['start'], {
    PARLEY_PORT: String(port),
    PARLEY_DATA: await temporaryDirectory(),
  })
  expect(code).toBe(1)
  expect(errors.trim()).toBe(
    `Port ${port} on 127.0.0.1 is in use by another program: choose another port with PARLEY_PORT (for example PARLEY_PORT=${port + 1}).`,
  )
})

test('data of a newer Parley are refused and left as they are', async () => {
  const data = await temporaryDirectory()
  await writeFile(join(data, 'format'), '2\n')
  const { code, errors } = await runParley(['start'], { PARLEY_DATA: data })
  expect(code).toBe(1)
  expect(errors).toContain('was written by a newer Parley (data format 2, this one knows 1)')
  expect(await readdir(data)).toEqual(['format'])
})

test('a data directory that cannot be made is said in one sentence', async () => {
  const data = join(await temporaryDirectory(), 'file')
  await writeFile(data, '')
  const { code, errors } = await runParley(['start'], { PARLEY_DATA: data })
  expect(code).toBe(1)
  expect(errors.trim()).toBe(`${data} is not a directory: choose another place with PARLEY_DATA.`)
})

test('a database that cannot be reached is named without its password', async () => {
  const port = await freePort()
  const { code, errors } = await runParley(['start'], {
    PARLEY_DATABASE_URL: `postgresql://parley:hush-hush@127.0.0.1:${port}/parley`,
    PARLEY_DATA: await temporaryDirectory(),
  })
  expect(code).toBe(1)
  expect(errors).toContain(`The database at 127.0.0.1:${port}/parley refuses connections`)
  expect(errors).not.toContain('hush-hush')
})

describe('one server, life after life', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(async () => void (await server.stop()))

  test('a second start on the same data ends with one sentence, and the first goes on', async () => {
    const second = await runParley(['start'], {
      PARLEY_DATA: server.dataDirectory,
      PARLEY_PORT: String(await freePort()),
    })
    expect(second.code).toBe(1)
    expect(second.errors).toMatch(/is in use by PostgreSQL process \d+\. Stop the Parley that runs it/)
    expect(second.errors).not.toMatch(/\n {4}at /)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  })

  test('a port that a Parley holds is answered with its address', async () => {
    const { code, errors } = await runParley(['start'], {
      PARLEY_PORT: String(server.port),
      PARLEY_DATA: await temporaryDirectory(),
    })
    expect(code).toBe(1)
    expect(errors).toContain(`Parley is already running at http://127.0.0.1:${server.port}`)
  })

  test('after SIGKILL PostgreSQL ends by itself, and a restart on the data is quick', async () => {
    const postgres = await server.postgresPid()
    await server.killProgram()
    await expect.poll(() => isRunning(postgres), { timeout: 15_000 }).toBe(false)
    const ms = await server.restart()
    console.log(`ready again after ${Math.round(ms)} ms`)
    expect(ms).toBeLessThan(RESTART_MAX_MS)
  })

  test('after SIGKILL of everything a restart recovers', async () => {
    await server.kill()
    await server.restart()
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  })

  test('when PostgreSQL dies it is started again, and the server goes on by itself', async () => {
    const postgres = await server.postgresPid()
    process.kill(postgres, 'SIGKILL')
    await expect.poll(() => server.output(), { timeout: 20_000 }).toContain('PostgreSQL is running again')
    await expect.poll(async () => (await register(server.url)).status, { timeout: 20_000 }).toBe(201)
    expect(await server.postgresPid()).not.toBe(postgres)
  })

  test('while it drains, readiness is denied and a second signal ends at once', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`)
    const frames: string[] = []
    socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)).t))
    await expect.poll(() => frames).toContain('hello')
    process.kill(server.pid, 'SIGTERM')
    await expect.poll(() => frames).toContain('goodbye')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    // Later than what counts as the same wish (400 ms), sooner than the drain ends.
    await delay(600)
    process.kill(server.pid, 'SIGTERM')
    await expect.poll(() => isRunning(server.pid), { timeout: 2_000 }).toBe(false)
  })

  test('SIGTERM ends with 0, nothing left running, and the next start finds clean data', async () => {
    await server.restart()
    const postgres = await server.postgresPid()
    const before = server.output().length
    await server.restart()
    expect(isRunning(postgres)).toBe(false)
    expect(server.output().slice(before)).not.toContain('recovery')
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  })
})

test('--help and --version need neither data nor a port', async () => {
  const help = await runParley(['start', '--help'], {})
  expect(help.code).toBe(0)
  expect(help.output).toContain('--port <number>')
  expect((await runParley(['--version'], {})).output).toMatch(/^\d+\.\d+\.\d+\n$/)
})

function register(url: string): Promise<Response> {
  return fetch(`${url}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: `user-${Date.now()}`, password: 'a long enough password' }),
  })
}
