/** A private redis-server on a free port of loopback, for tests that take it away, freeze it or empty it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

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

/** Nothing is kept on disk. It dies with this process, however that ends. */
export async function startRedis(): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-redis-'))
  let server = await launchOnFreePort(directory)
  const { port } = server
  const command = async (...words: string[]) => {
    const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', `${port}`, ...words])
    return stdout.trim()
  }
  const end = async (signal: NodeJS.Signals) => {
    const { process } = server
    if (process.exitCode !== null || process.signalCode !== null) return
    const ended = once(process, 'exit')
    process.kill('SIGCONT')
    process.kill(signal)
    await ended
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.process.pid ?? 0
    },
    async stop() {
      await end('SIGTERM')
      await rm(directory, { recursive: true, force: true })
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL')
      server = await launch(directory, port)
    },
    pause: () => void server.process.kill('SIGSTOP'),
    resume: () => void server.process.kill('SIGCONT'),
    async flush() {
      await command('FLUSHALL')
      await command('SCRIPT', 'FLUSH')
    },
    command,
  }
}

interface Launched {
  readonly process: ChildProcess
  readonly port: number
}

const PORT_ATTEMPTS = 5

/** Somebody may take the port between our finding it and the server's; then another is tried. */
async function launchOnFreePort(directory: string): Promise<Launched> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(directory, await findFreePort())
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) throw error
    }
  }
}

async function launch(directory: string, port: number): Promise<Launched> {
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const words = ['redis-server', ...settings, '--dir', directory]
  // The kernel ends it with us, even if we are killed.
  const tied = (await canTie()) ? ['setpriv', '--pdeathsig', 'KILL', ...words] : words
  const [program = '', ...args] = tied
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${lines.join('\n')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (lines.length < 50) lines.push(line)
      if (line.includes('Ready to accept connections')) resolve()
    })
    child.stderr.resume()
  })
  return { process: child, port }
}

async function findFreePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const closed = once(listener, 'close')
  listener.close()
  await closed
  return port
}

/** BusyBox has a `setpriv` without `--pdeathsig`, so ask by trying. */
function canTie(): Promise<boolean> {
  return run('setpriv', ['--pdeathsig', 'KILL', 'true']).then(
    () => true,
    () => false,
  )
}
