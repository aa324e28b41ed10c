import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@parley/adapters/engines/free-port'
import { attachCollector, type CollectGarbage, INSPECTABLE } from './collect-garbage.ts'
import { spawnNode } from './pinning.ts'
import { isRunning, processTree } from './processes.ts'
import { REPOSITORY } from './results.ts'

/** The servers under test, each in a process of its own. */

const READY_TIMEOUT_MS = 120_000
const READY_POLL_MS = 25
const STOP_TIMEOUT_MS = 20_000
export const PARLEY = join(REPOSITORY, 'apps/server/bin/parley.mjs')

export interface ServerProcess {
  port: number
  pid: number
  stop(): Promise<void>
  /** Of the server's own heap. Of Parley only if it was started `inspectable`. */
  collectGarbage: CollectGarbage
}

/** A peer from `bench/peers`, listening. Rejects if it ends before it listens. */
export async function startPeer(
  name: string,
  args: string[],
  core: number | undefined,
): Promise<ServerProcess> {
  const child = spawnPeer(name, args, core)
  const collectGarbage = attachCollector(child)
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port))
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the peer ${name} ended (${signal ?? code})`)))
  })
  return { port, pid: pidOf(child), stop: () => stopProcess(child), collectGarbage }
}

/** A peer that measures by itself: resolves to the one message it sends before it ends. */
export async function runPeer<T>(name: string, args: string[], core: number | undefined): Promise<T> {
  const child = spawnPeer(name, args, core)
  child.stderr?.pipe(process.stderr)
  return new Promise<T>((resolve, reject) => {
    let result: T | undefined
    child.once('message', (message) => {
      result = message as T
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (result !== undefined && code === 0) resolve(result)
      else reject(new Error(`the peer ${name} ended (${signal ?? code})`))
    })
  })
}

function spawnPeer(name: string, args: string[], core: number | undefined): ChildProcess {
  const file = fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url))
  const stdio: StdioOptions = ['ignore', 'inherit', 'pipe', 'ipc']
  return spawnNode([file, ...args], { core, stdio, cwd: REPOSITORY, env: INSPECTABLE })
}

export interface ParleyOptions {
  /** `npm start` instead of `node apps/server/bin/parley.mjs start`, the program itself. */
  throughNpm?: boolean
  /** Answered with 200 when the server counts as started; `/readyz` by default. */
  readyPath?: string
  inspectable?: boolean
  /** Kept after `stop` if given; otherwise a temporary directory that goes with it. */
  dataDirectory?: string
  /** The address to listen on; 127.0.0.1 by default. */
  host?: string
  /** More of its settings, by their environment variables. */
  settings?: Record<string, string>
}

export interface ParleyServer extends ServerProcess {
  /** From spawn to the first 200 of `readyPath`. */
  readyMs: number
}

/**
 * Parley as a user starts it, with rate limits off and only warnings logged, on any core. Rejects if it ends, or is
 * not ready within 120 s.
 */
export async function startParley(options: ParleyOptions = {}): Promise<ParleyServer> {
  if (!existsSync(PARLEY))
    throw new Error('apps/server/bin/parley.mjs does not exist: there is no server to measure')
  const directory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'parley-bench-')))
  const port = await freePort()
  const host = options.host ?? '127.0.0.1'
  const env = {
    ...process.env,
    PARLEY_PORT: String(port),
    PARLEY_HOST: host,
    PARLEY_DATA: directory,
    PARLEY_RATE_LIMITS: 'off',
    PARLEY_LOG: 'warn',
    ...options.settings,
    ...(options.inspectable === true ? INSPECTABLE : {}),
  }
  const startedAt = performance.now()
  const [command, args] =
    options.throughNpm === true ? ['npm', ['start']] : [process.execPath, [PARLEY, 'start']]
  // What it prints for a person (the URL, the setup code) does not belong in a table; errors do.
  const child = spawn(command, args, { cwd: REPOSITORY, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const collectGarbage = attachCollector(child)
  let stopping = false
  child.once('exit', (code, signal) => {
    if (!stopping) process.stderr.write(`Parley ended by itself (${signal ?? `exit code ${code}`}).\n`)
  })
  const stop = async () => {
    stopping = true
    await stopProcess(child)
    if (options.dataDirectory === undefined) await rm(directory, { recursive: true, force: true })
  }
  try {
    await waitUntilReady(`http://${host}:${port}${options.readyPath ?? '/readyz'}`, child)
  } catch (error) {
    await stop()
    throw error
  }
  return { port, pid: pidOf(child), readyMs: performance.now() - startedAt, stop, collectGarbage }
}

async function waitUntilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (performance.now() < deadline) {
    if (hasEnded(child))
      throw new Error(`the server ended (${child.signalCode ?? child.exitCode}) before it was ready`)
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0, // nobody listens yet
    )
    if (status === 200) return
    await delay(READY_POLL_MS)
  }
  throw new Error(`${url} was not answered with 200 within ${READY_TIMEOUT_MS / 1000} s`)
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a server could not be started')
  return child.pid
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** SIGTERM, and SIGKILL for whatever of its processes is left after `timeoutMs`; resolves when all have ended. */
export async function stopProcess(child: ChildProcess, timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
  const tree = processTree(pidOf(child)).map(({ pid }) => pid)
  child.kill('SIGTERM')
  const deadline = performance.now() + timeoutMs
  while (!hasEnded(child) || tree.some(isRunning)) {
    if (performance.now() > deadline) {
      for (const pid of tree.filter(isRunning)) killIfThere(pid)
    }
    await delay(READY_POLL_MS)
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
