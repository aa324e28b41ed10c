/** A private RabbitMQ on a free port of loopback, for tests that take it away, freeze it or kill it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRabbitMq as startEngine } from '@parley/adapters/engines/start-rabbitmq'
import { silentLog } from '@parley/contracts'

export interface RabbitMqServer {
  /** Stays the same over `restart`. */
  readonly url: string
  readonly port: number
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** For good, with its directory. */
  stop(): Promise<void>
  /** SIGKILL; `restart` brings it back with all it had confirmed. */
  kill(): Promise<void>
  /** Ends it in good order if it runs, and starts it again with its data on the same port. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  resume(): void
}

/** About five seconds. It dies with this process, however that ends. */
export async function startRabbitMq(): Promise<RabbitMqServer> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-rabbitmq-'))
  const start = (port?: number) =>
    startEngine({ directory, log: silentLog, ...(port === undefined ? {} : { port }) })
  let engine = await start()
  const { url, port } = engine
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
    async kill() {
      signal('SIGKILL')
      await dead
    },
    async restart() {
      await engine.stop()
      engine = await start(port)
      runs = true
      dead = watch()
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  }
}
