import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@parley/contracts'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from './free-port.ts'
import { renderTemplate, serversOf } from './render-nginx.ts'
import { startNginx } from './start-nginx.ts'

/** A program that starts nginx, says its process id and waits to be killed. */
const HOLDER = `
const { startNginx } = await import(${JSON.stringify(join(import.meta.dirname, 'start-nginx.ts'))})
const [directory, port, upstream] = process.argv.slice(1)
const log = { debug() {}, info() {}, warn() {}, error() {} }
const nginx = await startNginx({
  directory, host: '127.0.0.1', port: Number(port), http: [upstream], ws: [upstream], log,
})
console.log(nginx.pid)
setInterval(() => {}, 60_000)
`
const NOBODY = 65_534

async function temporaryDirectory(owner?: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-nginx-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  await chmod(directory, 0o700)
  if (owner !== undefined) await chown(directory, owner, owner)
  return directory
}

/** Answers with this many bytes. */
async function startUpstream(bytes: number): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('x'.repeat(bytes)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

/** The process id of an nginx in a program of its own. */
async function hold(
  parts: { directory: string; port: number; upstream: string },
  user?: number,
): Promise<{ holder: ChildProcess; pid: number }> {
  const args = [parts.directory, String(parts.port), parts.upstream]
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(user === undefined ? {} : { uid: user, gid: user }),
  })
  onTestFinished(() => {
    holder.kill('SIGKILL')
  })
  const [line] = await once(holder.stdout as NodeJS.ReadableStream, 'data')
  return { holder, pid: Number(String(line)) }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('bodies and answers of every size pass, in a directory that only its owner can enter', async () => {
  const upstream = await startUpstream(3_000_000)
  const nginx = await startNginx({
    directory: join(await temporaryDirectory(), 'run'),
    host: '127.0.0.1',
    port: await freePort(),
    http: [upstream],
    ws: [upstream],
    log: silentLog,
  })
  onTestFinished(() => nginx.stop())
  const answer = await fetch(nginx.url, { method: 'POST', body: 'x'.repeat(65_536) })
  expect([answer.status, (await answer.text()).length]).toEqual([200, 3_000_000])
})

test('an ordinary user can start it', async () => {
  const upstream = await startUpstream(300_000)
  const user = process.geteuid?.() === 0 ? NOBODY : undefined
  const parts = { directory: await temporaryDirectory(user), port: await freePort(), upstream }
  await hold(parts, user)
  const answer = await fetch(`http://127.0.0.1:${parts.port}/`)
  expect((await answer.text()).length).toBe(300_000)
})

test('it ends with the program that started it, even when that is killed', async () => {
  const upstream = await startUpstream(1)
  const parts = { directory: await temporaryDirectory(), port: await freePort(), upstream }
  const { holder, pid } = await hold(parts)
  expect(isAlive(pid)).toBe(true)
  holder.kill('SIGKILL')
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 })
  // Its workers too: nobody listens any more.
  await vi.waitFor(() => expect(fetch(`http://127.0.0.1:${parts.port}/`)).rejects.toThrow(), {
    timeout: 5_000,
  })
})

test('a port that is taken is a sentence, not a wait', async () => {
  const upstream = await startUpstream(1)
  const port = Number(upstream.split(':')[1])
  const options = { directory: await temporaryDirectory(), host: '127.0.0.1', port, log: silentLog }
  const startedAt = performance.now()
  await expect(startNginx({ ...options, http: [upstream], ws: [upstream] })).rejects.toThrow(
    /Address already in use/,
  )
  expect(performance.now() - startedAt).toBeLessThan(4_000)
})

test('an end that nobody asked for is told, one that was asked for is not', async () => {
  const upstream = await startUpstream(1)
  const start = async () =>
    startNginx({
      directory: await temporaryDirectory(),
      host: '127.0.0.1',
      port: await freePort(),
      http: [upstream],
      ws: [upstream],
      log: silentLog,
    })
  const killed = await start()
  process.kill(killed.pid, 'SIGTERM')
  expect(await killed.ended).toMatch(/^nginx ended \(0\)/)
  await killed.stop()
  const stopped = await start()
  const told = vi.fn()
  void stopped.ended.then(told)
  await stopped.stop()
  await stopped.stop()
  expect(told).not.toHaveBeenCalled()
})

test('nothing but hosts and ports gets into the configuration', () => {
  expect(serversOf(['10.0.0.1:80', 'http://[::1]:8080'])).toEqual({
    marked: 'server 10.0.0.1:80 max_fails=1 fail_timeout=1s; server [::1]:8080 max_fails=1 fail_timeout=1s;',
    any: 'server 10.0.0.1:80 max_fails=0; server [::1]:8080 max_fails=0;',
  })
  for (const bad of ['', 'host', 'a:1;}', 'http://a:1/path', 'https://a:1', 'a:1 b:2'])
    expect(() => serversOf([bad])).toThrow('is not host:port')
  expect(() => serversOf([])).toThrow('at least one')
  const template = '$' + '{FRONT_LISTEN}'
  expect(() => renderTemplate(template, {})).toThrow('FRONT_LISTEN')
  expect(renderTemplate(template, { FRONT_LISTEN: 'listen 80; # $& $1' })).toBe('listen 80; # $& $1')
})
