/** A private Janus on free ports, with the configuration that `deploy/janus` ships. It dies with this process. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from '@parley/adapters/engines/find-program'
import { freePort } from '@parley/adapters/engines/free-port'
import { launchTied } from '@parley/adapters/engines/launch'

const CONFIGURATION = join(import.meta.dirname, '../../deploy/janus')
const FILES = ['janus.jcfg', 'janus.transport.http.jcfg', 'janus.plugin.videoroom.jcfg']
const START_MAX_MS = 20_000
const START_TRIES = 3

export interface JanusServer {
  /** Of the HTTP API; stays the same over `restart`. */
  readonly url: string
  readonly secret: string
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** For good, with its directory. */
  stop(): Promise<void>
  /** SIGKILL; `restart` brings it back. */
  kill(): Promise<void>
  /** Ends it if it runs, and starts it again, with nothing it knew, on the same port. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  resume(): void
}

export interface JanusServerOptions {
  readonly secret?: string
  /** Interfaces and addresses whose candidates browsers are told; all of them by default. */
  readonly addresses?: string
}

export async function startJanus(options: JanusServerOptions = {}): Promise<JanusServer> {
  const { secret = 'the-secret-of-the-tests', addresses = '' } = options
  const directory = await mkdtemp(join(tmpdir(), 'parley-janus-'))
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    await configure(directory, { secret, addresses, port })
    try {
      return control({ directory, url: `http://127.0.0.1:${port}/janus`, secret }, await launch(directory))
    } catch (error) {
      // Somebody may have taken the port between our finding it and Janus's.
      if (tries < START_TRIES) continue
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }
}

async function configure(
  directory: string,
  { secret, addresses, port }: { secret: string; addresses: string; port: number },
): Promise<void> {
  for (const file of FILES) {
    const text = await readFile(join(CONFIGURATION, file), 'utf8')
    const changed = text
      .replaceAll('/etc/janus', directory)
      .replace('"CHANGE"', `"${secret}"`)
      .replace('port = 8088', `port = ${port}`)
      .replace(/#ice_enforce_list = ".*"/, addresses === '' ? '' : `ice_enforce_list = "${addresses}"`)
    await writeFile(join(directory, file), changed, { mode: 0o600 })
  }
}

interface Running {
  readonly pid: number
  readonly ended: Promise<void>
  runs(): boolean
}

/** Resolves when requests are answered. */
async function launch(directory: string): Promise<Running> {
  const command = findProgram(['janus'], 'Janus')
  const child = await launchTied({
    command,
    args: [
      `--configs-folder=${directory}`,
      `--config=${join(directory, 'janus.jcfg')}`,
      // It says when it listens.
      '--debug-level=4',
    ],
    cwd: directory,
    signal: 'KILL',
  })
  const ended = Promise.withResolvers<void>()
  const answers = Promise.withResolvers<void>()
  let lastLine = ''
  let runs = true
  const over = (what: string): void => {
    runs = false
    ended.resolve()
    answers.reject(new Error(`Janus ended (${what}): ${lastLine}`))
  }
  child.once('error', (error) => over(error.message))
  child.once('close', (code, signal) => over(String(signal ?? code)))
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() !== '') lastLine = line
      // The last thing that it does before it waits for requests.
      if (line.includes('transport plugin initialized')) answers.resolve()
    })
  }
  const late = setTimeout(() => {
    child.kill('SIGKILL')
    answers.reject(new Error(`Janus did not start within ${START_MAX_MS / 1_000} s: ${lastLine}`))
  }, START_MAX_MS)
  await answers.promise.finally(() => clearTimeout(late))
  return { pid: child.pid ?? 0, ended: ended.promise, runs: () => runs }
}

function control(
  { directory, url, secret }: { directory: string; url: string; secret: string },
  first: Running,
): JanusServer {
  let running = first
  const signal = (name: NodeJS.Signals): void => {
    // A number that another process may have by now is never signalled.
    if (running.runs()) process.kill(running.pid, name)
  }
  const kill = async (): Promise<void> => {
    signal('SIGKILL')
    await running.ended
  }
  return {
    url,
    secret,
    get pid() {
      return running.pid
    },
    async stop() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
    kill,
    async restart() {
      await kill()
      running = await launch(directory)
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  }
}
