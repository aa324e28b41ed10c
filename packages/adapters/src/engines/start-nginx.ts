/**
 * A private nginx in front of the processes of one machine: `parley cluster` and the tests. Its own directory, no
 * file of the system's; it ends when we do.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Log } from '@parley/contracts'
import { findProgram } from './find-program.ts'
import { launchTied } from './launch.ts'
import { renderFrontDoor, serversOf } from './render-nginx.ts'

/** nginx tries a taken port five times, half a second apart, before it gives up. */
const START_MAX_MS = 10_000
/** Sockets that stay open hold up a quick stop as little as a slow one. */
const STOP_MAX_MS = 5_000
const WORKER_CONNECTIONS = 16_384
/** One machine's tests and benchmarks come from one address. */
const ADDRESS_CONNECTIONS = 65_535
/** Whose files nobody minds; the first that exists. */
const WORKER_ACCOUNTS = ['nginx', 'www-data', 'nobody']

export interface NginxServers {
  /** `host:port` or `http://host:port` of the processes that run `http`; at least one. */
  readonly http: readonly string[]
  /** The same for `ws`. */
  readonly ws: readonly string[]
}

export interface NginxOptions extends NginxServers {
  /** Made when missing, for its owner only; configuration and process id lie here. */
  readonly directory: string
  readonly host: string
  /** TCP port; never 0. */
  readonly port: number
  /** Files in PEM. Given: HTTPS, with HTTP/2 for those who speak it. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Requests and sockets at once from one network address (at most 65,535, the default). */
  readonly addressConnections?: number
  readonly log: Log
}

export interface RunningNginx {
  readonly url: string
  /** Of the master process. */
  readonly pid: number
  /** Resolves with a sentence when it ended without being asked. */
  readonly ended: Promise<string>
  /** Puts other servers behind it without closing a connection. Throws, changing nothing, what nginx refuses. */
  reload(servers: NginxServers): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
}

/** Resolves when connections are taken. Throws `NotInstalled`, or a sentence when it does not start. */
export async function startNginx(options: NginxOptions): Promise<RunningNginx> {
  const command = findProgram(['nginx'], 'nginx')
  const { directory, log } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeMain(directory)
  await writeServers(options, options)
  const child = await launchTied({
    command,
    // A relative prefix: as root we may stand in a directory whose parents others cannot enter.
    args: ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'],
    cwd: directory,
  })
  const voice = listen(child, log)
  try {
    await voice.started()
  } catch (error) {
    await end(child)
    throw error
  }
  let stopped = false
  let reloading: Promise<void> = Promise.resolve()
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${bracketed(options.host)}:${options.port}`,
    pid: child.pid ?? 0,
    ended: voice.ended.then((said) => (stopped ? new Promise<string>(() => {}) : said)),
    reload(servers) {
      // One after the other: nginx tells only that it reloaded, not what.
      const reloaded = reloading.then(async () => {
        await writeServers(options, servers)
        const started = voice.started()
        child.kill('SIGHUP')
        await started
      })
      reloading = reloaded.catch(() => undefined)
      return reloaded
    },
    async stop() {
      stopped = true
      await end(child)
    },
  }
}

/** The whole process: where it may write, and as whom its workers run. */
async function writeMain(directory: string): Promise<void> {
  const user = process.geteuid?.() === 0 ? await workerAccount() : undefined
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const lines = [
    'daemon off;',
    'pid nginx.pid;',
    'worker_processes auto;',
    'worker_shutdown_timeout 30s;',
    'error_log stderr notice;',
    // Workers read and write no file (the template keeps bodies in memory), so they need no right to any.
    ...(user === undefined ? [] : [`user ${user};`]),
    `events { worker_connections ${WORKER_CONNECTIONS}; }`,
    'http {',
    '  access_log off;',
    ...temporary.map((kind) => `  ${kind}_temp_path temporary-${kind};`),
    '  include parley.conf;',
    '}',
  ]
  await writeFile(join(directory, 'nginx.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
}

async function writeServers(options: NginxOptions, servers: NginxServers): Promise<void> {
  const { directory, host, port, tls } = options
  const http = serversOf(servers.http)
  const ws = serversOf(servers.ws)
  const text = await renderFrontDoor({
    FRONT_RESOLVER: '',
    FRONT_LISTEN: `listen ${bracketed(host)}:${port}${tls === undefined ? '' : ' ssl http2'};`,
    FRONT_SERVER_NAME: '_',
    FRONT_TLS:
      tls === undefined
        ? ''
        : `ssl_certificate ${quoted(tls.certificate)}; ssl_certificate_key ${quoted(tls.key)};`,
    FRONT_HTTPS_ONLY: 'off',
    FRONT_ADDRESS_CONNECTIONS: String(options.addressConnections ?? ADDRESS_CONNECTIONS),
    FRONT_HTTP_SERVERS: http.marked,
    FRONT_HTTP_SERVERS_ANY: http.any,
    FRONT_WS_SERVERS: ws.marked,
    FRONT_WS_SERVERS_ANY: ws.any,
  })
  await writeFile(join(directory, 'parley.conf'), text, { mode: 0o600 })
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** The `user` directive: a name and, because nginx would guess it, a group. */
async function workerAccount(): Promise<string | undefined> {
  const [accounts, groups] = await Promise.all([readTable('/etc/passwd'), readTable('/etc/group')])
  for (const name of WORKER_ACCOUNTS) {
    const gid = accounts.find((fields) => fields[0] === name)?.[3]
    const group = groups.find((fields) => fields[2] === gid)?.[0]
    if (gid !== undefined && group !== undefined) return `${name} ${group}`
  }
  return undefined
}

async function readTable(path: string): Promise<string[][]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.split('\n').map((line) => line.split(':'))
}

interface Voice {
  /** Resolves when workers were started that take connections; the ones before them, if any, no longer do. */
  started(): Promise<void>
  readonly ended: Promise<string>
}

interface Start {
  readonly outgoing: Set<string>
  fresh: boolean
  readonly done: PromiseWithResolvers<void>
}

/** nginx says in its log what it does; there is no other way to know that a reload took. */
function listen(child: ChildProcess, log: Log): Voice {
  let workers = new Set<string>()
  let start: Start | undefined
  let complaint = ''
  const { promise: ended, resolve: tellEnd } = Promise.withResolvers<string>()
  const hear = (line: string): void => {
    const level = /\[(debug|info|notice|warn|error|crit|alert|emerg)\]/.exec(line)?.[1]
    if (level === 'emerg' || level === undefined) complaint = line
    if (level === 'emerg') start?.done.reject(new Error(`nginx refused: ${line}`))
    // A client that hangs up or a replica that restarts is daily life here.
    if (level === 'emerg' || level === 'alert' || level === 'crit') log.error({ line }, 'nginx')
    else log.debug({ line }, 'nginx')
    const born = / start worker process (\d+)/.exec(line)?.[1]
    if (born !== undefined) {
      workers.add(born)
      if (start !== undefined) start.fresh = true
    }
    const gone = / (\d+)#\d+: gracefully shutting down/.exec(line)?.[1]
    const dead = / worker process (\d+) exited/.exec(line)?.[1]
    for (const pid of [gone, dead]) if (pid !== undefined) start?.outgoing.delete(pid)
    if (dead !== undefined) workers.delete(dead)
    if (start?.fresh === true && start.outgoing.size === 0) start.done.resolve()
  }
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', hear)
  }
  const onEnd = (what: string): void => {
    const said = `nginx ended (${what})${complaint === '' ? '' : `: ${complaint}`}`
    start?.done.reject(new Error(said))
    tellEnd(said)
  }
  child.once('error', (error) => onEnd(error.message))
  child.once('close', (code, signal) => onEnd(String(signal ?? code)))
  return {
    ended,
    started() {
      const done = Promise.withResolvers<void>()
      start = { outgoing: workers, fresh: false, done }
      workers = new Set()
      const timer = setTimeout(() => {
        done.reject(new Error(`nginx said nothing for ${START_MAX_MS / 1_000} s`))
      }, START_MAX_MS)
      return done.promise.finally(() => clearTimeout(timer))
    },
  }
}

/** Quickly: the master ends its workers, and with them the connections. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
  await closed
  clearTimeout(timer)
}
