/** The real program as a child process, on a free port and its own data directory. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '@parley/adapters/engines/free-port'
import { inject } from 'vitest'

export { freePort }

const PROGRAM = join(import.meta.dirname, '../../apps/server/bin/parley.mjs')
const READY_TIMEOUT_MS = 60_000
/** A web client that has to be built first takes longer. */
const READY_WITH_BUILD_TIMEOUT_MS = 180_000
const READY_POLL_MS = 20
const STOP_TIMEOUT_MS = 40_000
const PORT_TRIES = 3

export interface TestServerOptions {
  /** Settings over those of tests: no web client, no rate limits, strict calls between services. */
  readonly env?: Readonly<Record<string, string>>
  /** Its owner removes it; otherwise a temporary one goes with `stop`. */
  readonly dataDirectory?: string
  /** It makes its PostgreSQL itself, as for a new user; otherwise it finds an empty one, which saves two seconds. */
  readonly fromNothing?: boolean
}

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly dataDirectory: string
  /** Process id of the program; changes with `restart`. */
  readonly pid: number
  /** Everything it printed so far, of all its lives. */
  output(): string
  /** Process id of the embedded PostgreSQL. */
  postgresPid(): Promise<number>
  /** SIGTERM, and what it ended with; removes the data directory. Idempotent. */
  stop(): Promise<{ code: number | null; signal: string | null }>
  /** SIGKILL of the program and its PostgreSQL, as when a machine is cut off. The data stay. */
  kill(): Promise<void>
  /** SIGKILL of the program alone. */
  killProgram(): Promise<void>
  /** The same data and port again; ends the present life (SIGTERM) if there is one. Resolves with the milliseconds to ready. */
  restart(): Promise<number>
}

/** Printed by `print-server-logs.ts` when a test fails. */
export const recentServers = new Set<{ readonly url: string; output(): string; readonly ended: boolean }>()

/** Resolves once `/readyz` answers 200. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'parley-server-')))
  const removeData = async (): Promise<void> => {
    if (options.dataDirectory === undefined)
      await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5 })
  }
  if (options.fromNothing !== true && options.env?.PARLEY_DATABASE_URL === undefined)
    await provideCluster(dataDirectory)
  for (let tried = 1; ; tried++) {
    const port = await freePort()
    const program = createProgram({ port, dataDirectory, env: options.env ?? {} })
    try {
      await program.start()
      return present(program, { port, dataDirectory, removeData })
    } catch (error) {
      await program.end('SIGKILL')
      // Somebody else was given the port between our look and the program's.
      if (tried < PORT_TRIES && /is in use by another program|is already running/.test(program.output()))
        continue
      await removeData()
      throw error
    }
  }
}

/** An empty PostgreSQL cluster where the embedded one keeps its data, unless there is one. */
async function provideCluster(dataDirectory: string): Promise<void> {
  const place = join(dataDirectory, 'postgres')
  if (existsSync(place)) return
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  await promisify(execFile)('cp', ['-a', inject('emptyCluster'), place])
}

/** Environment of a program under test: nothing of the person who runs the tests, and everything of this call. */
export function testEnvironment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY_'))
  return { ...Object.fromEntries(inherited), ...settings }
}

interface Program {
  readonly url: string
  readonly ended: boolean
  pid(): number
  output(): string
  start(): Promise<number>
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }>
}

function createProgram(parts: {
  port: number
  dataDirectory: string
  env: Readonly<Record<string, string>>
}): Program {
  const url = `http://127.0.0.1:${parts.port}`
  const env = testEnvironment({
    PARLEY_PORT: String(parts.port),
    PARLEY_DATA: parts.dataDirectory,
    PARLEY_RATE_LIMITS: 'off',
    PARLEY_STRICT_CALLS: 'on',
    PARLEY_WEB: 'off',
    ...parts.env,
  })
  const timeoutMs = env.PARLEY_WEB === 'off' ? READY_TIMEOUT_MS : READY_WITH_BUILD_TIMEOUT_MS
  let child: ChildProcess | undefined
  let said = ''

  const program: Program = {
    url,
    get ended() {
      return child === undefined || hasEnded(child)
    },
    pid() {
      if (child?.pid === undefined) throw new Error('the server has not been started')
      return child.pid
    },
    output: () => said,
    async start() {
      const startedAt = performance.now()
      child = spawn(process.execPath, [PROGRAM, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          said += text
        })
      }
      await waitUntilReady(`${url}/readyz`, child, timeoutMs, program.output)
      return performance.now() - startedAt
    },
    end: (signal) =>
      child === undefined ? Promise.resolve({ code: null, signal: null }) : end(child, signal),
  }
  recentServers.add(program)
  return program
}

function present(
  program: Program,
  { port, dataDirectory, removeData }: { port: number; dataDirectory: string; removeData(): Promise<void> },
): TestServer {
  const postgresPid = async (): Promise<number> => {
    const text = await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8')
    return Number(text.split('\n', 1)[0])
  }
  return {
    url: program.url,
    port,
    dataDirectory,
    get pid() {
      return program.pid()
    },
    output: program.output,
    postgresPid,
    async stop() {
      const end = await program.end('SIGTERM')
      await removeData()
      return end
    },
    async kill() {
      const postgres = await postgresPid().catch(() => undefined)
      await program.end('SIGKILL')
      if (postgres !== undefined) killQuietly(postgres)
    },
    async killProgram() {
      await program.end('SIGKILL')
    },
    async restart() {
      if (!program.ended) await program.end('SIGTERM')
      return program.start()
    },
  }
}

async function waitUntilReady(
  url: string,
  child: ChildProcess,
  timeoutMs: number,
  output: () => string,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline) {
    if (hasEnded(child)) {
      throw new Error(
        `the server ended (${child.signalCode ?? child.exitCode}) before it was ready:\n${output()}`,
      )
    }
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0, // nobody listens yet
    )
    if (status === 200) return
    await delay(READY_POLL_MS)
  }
  throw new Error(`${url} was not answered with 200 within ${timeoutMs / 1_000} s:\n${output()}`)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** One that does not end is ended by force, which the caller sees in the signal. */
async function end(
  child: ChildProcess,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; signal: string | null }> {
  if (!hasEnded(child)) {
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
  return { code: child.exitCode, signal: child.signalCode }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
