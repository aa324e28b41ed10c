/** A private Redis on a free port of loopback, for tests that take it away, freeze it or empty it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@parley/adapters/engines/free-port'
import { type RunningRedis, startRedis as startEngine } from '@parley/adapters/engines/start-redis'
import { silentLog } from '@parley/contracts'

const run = promisify(execFile)

export interface RedisServer {
  /** Stays the same over `restart`. */
  readonly url: string
  readonly port: number
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** For good, with its directory. */
  stop(): Promise<void>
  /** SIGKILL; `restart` brings it back. */
  kill(): Promise<void>
  /** Ends it if it runs, and starts it again, empty, on the same port. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  resume(): void
  /** FLUSHALL, scripts included: what an operator's mistake or a failover to an empty replica leaves. */
  flush(): Promise<void>
  /** Sends one command by `redis-cli` and answers what it printed. */
  command(...words: string[]): Promise<string>
}

const PORT_ATTEMPTS = 5

/** Nothing is kept on disk. It dies with this process, however that ends. */
export async function startRedis(): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-redis-'))
  const start = (port: number) => startEngine({ directory, port, log: silentLog })
  let engine = await startOnFreePort(start)
  const { url } = engine
  const port = Number(new URL(url).port)
  // A number that another process may have by now is never signalled.
  let runs = true
  const watch = () =>
    engine.ended.then(() => {
      runs = false
    })
  let dead = watch()
  const signal = (name: NodeJS.Signals) => {
    if (runs) process.kill(engine.pid, name)
  }
  const kill = async () => {
    signal('SIGKILL')
    await dead
  }
  const command = async (...words: string[]) => {
    const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', `${port}`, ...words])
    return stdout.trim()
  }

  return {
    url,
    port,
    get pid() {
      return engine.pid
    },
    async stop() {
      runs = false
      await engine.stop()
      await rm(directory, { recursive: true, force: true })
    },
    kill,
    async restart() {
      await kill()
      engine = await start(port)
      runs = true
      dead = watch()
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async flush() {
      await command('FLUSHALL')
      await command('SCRIPT', 'FLUSH')
    },
    command,
  }
}

/** Somebody may take the port between our finding it and the server's; then another is tried. */
async function startOnFreePort(start: (port: number) => Promise<RunningRedis>): Promise<RunningRedis> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort())
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) throw error
    }
  }
}
