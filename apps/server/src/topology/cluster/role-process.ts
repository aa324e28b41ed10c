/** One process of a role, started again whenever it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { PROGRAM_DIRECTORY } from '../../version.ts'

const READY_POLL_MS = 50
/** Longer each time it ends soon after its start. */
const RESTART_MIN_MS = 200
const RESTART_MAX_MS = 5_000
/** Having run this long it counts as well. */
const WELL_AFTER_MS = 10_000
/** Of one that has never been ready. */
const EARLY_ENDS_MAX = 3
/** A role drains and closes well within this. */
const STOP_MAX_MS = 40_000

export type ProcessState = 'starting' | 'ready' | 'ended'

export interface RoleProcessOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly internalPort: number
  /** A line meant for a person. */
  readonly say: (line: string) => void
  /** A line of its log. */
  readonly warn: (line: string) => void
  readonly onChange: (what: string | undefined) => void
}

export interface RoleProcess {
  readonly pid: number | undefined
  readonly state: ProcessState
  /** Milliseconds since the epoch of the present life. */
  readonly startedAt: number
  readonly restarts: number
  /** Resolves when it serves for the first time; throws when it ends before that. */
  ready(): Promise<void>
  /** SIGTERM, and nothing is started any more. */
  stop(): Promise<void>
}

const READY_LINE = 'Parley is ready'

function spawnRole(environment: Readonly<Record<string, string>>): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY_'))
  return spawn(process.execPath, [join(PROGRAM_DIRECTORY, 'apps/server/bin/parley.mjs'), 'start'], {
    env: { ...Object.fromEntries(inherited), ...environment },
    // Its own session: Ctrl-C in the terminal is for us, who stop them in order. The channel tells it when we die.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
}

export function startRoleProcess(options: RoleProcessOptions): RoleProcess {
  const { environment, internalPort, say, warn, onChange } = options
  let child: ChildProcess | undefined
  let state: ProcessState = 'starting'
  let startedAt = Date.now()
  let restarts = 0
  let delayMs = RESTART_MIN_MS
  let stopping = false
  let lastWords = ''
  const firstReady = Promise.withResolvers<void>()
  firstReady.promise.catch(() => undefined)

  function start(): void {
    state = 'starting'
    startedAt = Date.now()
    const started = spawnRole(environment)
    child = started
    started.on('error', (error) => say(error.message))
    if (started.stdout !== null)
      createInterface({ input: started.stdout }).on('line', (line) => {
        if (!line.startsWith(READY_LINE)) say(line)
      })
    if (started.stderr !== null)
      createInterface({ input: started.stderr }).on('line', (line) => {
        lastWords = line
        warn(line)
      })
    started.on('close', (code, signal) => onEnd(started, String(signal ?? code)))
    void awaitReady(started)
  }

  async function awaitReady(started: ChildProcess): Promise<void> {
    const url = `http://127.0.0.1:${internalPort}/readyz`
    while (child === started && state === 'starting' && !stopping) {
      const status = await fetch(url).then(
        (response) => response.status,
        () => 0,
      )
      if (status === 200 && child === started && state === 'starting') {
        state = 'ready'
        firstReady.resolve()
        onChange(restarts === 0 ? undefined : `is back as process ${started.pid}`)
      } else await delay(READY_POLL_MS)
    }
  }

  function onEnd(ended: ChildProcess, how: string): void {
    if (child !== ended) return
    state = 'ended'
    if (stopping) return
    // Somebody may have been faster at its port, for a moment.
    if (restarts >= EARLY_ENDS_MAX)
      firstReady.reject(new Error(lastWords === '' ? `it ended (${how})` : lastWords))
    if (Date.now() - startedAt > WELL_AFTER_MS) delayMs = RESTART_MIN_MS
    onChange(`(process ${ended.pid}) ended (${how}) and is started again`)
    restarts++
    setTimeout(() => {
      if (!stopping) start()
    }, delayMs)
    delayMs = Math.min(RESTART_MAX_MS, delayMs * 2)
  }

  start()
  return {
    get pid() {
      return child?.pid
    },
    get state() {
      return state
    },
    get startedAt() {
      return startedAt
    },
    get restarts() {
      return restarts
    },
    ready: () => firstReady.promise,
    async stop() {
      stopping = true
      const ending = child
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
      const closed = new Promise((resolve) => ending.once('close', resolve))
      ending.kill('SIGTERM')
      const force = setTimeout(() => ending.kill('SIGKILL'), STOP_MAX_MS)
      await closed
      clearTimeout(force)
    },
  }
}
