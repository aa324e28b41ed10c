/** A private PostgreSQL of the system's own version, with its tools: what an operator has, unlike the embedded one. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './test-server.ts'

const run = promisify(execFile)

const START_MAX_MS = 30_000
const POLL_MS = 50
/** Who may not be root is Debian's own account. */
const ACCOUNT = 'postgres'
const DEBIAN_PLACE = '/usr/lib/postgresql'

export interface PostgresServer {
  /** Of a database; it need not be there. */
  url(database: string): string
  /** Where the cluster's files are. */
  readonly dataDirectory: string
  /** One of PostgreSQL's own tools, with the environment that leads to this server; what it printed. */
  tool(name: string, ...args: string[]): Promise<string>
  /** For good, with its directory. */
  stop(): Promise<void>
}

export interface PostgresServerOptions {
  /** What the cluster is made of, given an empty directory; initdb when left out. */
  readonly fill?: (dataDirectory: string) => Promise<void>
}

/** Resolves when it answers. It ends with this process, however that ends. */
export async function startPostgresServer({ fill }: PostgresServerOptions = {}): Promise<PostgresServer> {
  const place = await findPlace()
  const account = await findAccount()
  const directory = await mkdtemp(join(tmpdir(), 'parley-postgres-'))
  const dataDirectory = join(directory, 'data')
  if (account !== undefined) await chown(directory, account.uid, account.gid)
  const port = await freePort()
  const environment = {
    ...process.env,
    PGHOST: '127.0.0.1',
    PGPORT: `${port}`,
    PGUSER: 'parley',
    LC_ALL: 'C.UTF-8',
  }
  const tool = async (name: string, ...args: string[]) =>
    (await run(join(place, name), args, { env: environment, cwd: directory })).stdout
  if (fill === undefined) {
    const args = ['-D', dataDirectory, '-U', 'parley', '-A', 'trust', '-E', 'UTF8', '--no-sync']
    await run(...as(account, join(place, 'initdb'), args), { cwd: directory, env: environment })
  } else {
    await fill(dataDirectory)
    if (account !== undefined) await run('chown', ['-R', `${account.uid}:${account.gid}`, dataDirectory])
  }
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', fsync: 'off' }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [program, args] = as(
    account,
    join(place, 'postgres'),
    ['-D', dataDirectory, ...flags],
    await canTie(),
  )
  const child = spawn(program, args, {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  const stop = async () => {
    await end(child)
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const deadline = performance.now() + START_MAX_MS
  while (
    !(await tool('pg_isready').then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop()
      throw new Error(`PostgreSQL did not start:\n${said}`)
    }
    await delay(POLL_MS)
  }
  return { url: (database) => `postgresql://parley@127.0.0.1:${port}/${database}`, dataDirectory, tool, stop }
}

/** Where the programs are: Debian keeps versions side by side, out of the path; elsewhere `pg_config` knows. */
async function findPlace(): Promise<string> {
  const [newest] = (await readdir(DEBIAN_PLACE).catch(() => [])).sort((a, b) => Number(b) - Number(a))
  if (newest !== undefined) return join(DEBIAN_PLACE, newest, 'bin')
  return (await run('pg_config', ['--bindir'])).stdout.trim()
}

interface Account {
  readonly uid: number
  readonly gid: number
}

async function findAccount(): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined
  const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, ACCOUNT])))
  const [uid = 0, gid = 0] = ids.map(({ stdout }) => Number(stdout))
  return { uid, gid }
}

/** `tied`: the kernel ends it with us. */
function as(account: Account | undefined, program: string, args: string[], tied = false): [string, string[]] {
  const flags = [
    ...(account === undefined ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']),
    ...(tied ? ['--pdeathsig=INT'] : []),
  ]
  return flags.length === 0 ? [program, args] : ['setpriv', [...flags, program, ...args]]
}

function canTie(): Promise<boolean> {
  return run('setpriv', ['--pdeathsig', 'INT', 'true']).then(
    () => true,
    () => false,
  )
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  // Fast shutdown: whoever is still connected is told.
  child.kill('SIGINT')
  await ended
}
