/**
 * A private RabbitMQ on loopback, from the program the machine has installed (3.10 or newer). It keeps its data in
 * the directory it is given, ends with this process however that ends, and needs no root and no epmd.
 */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Log } from '@parley/contracts'
import { findProgram } from './find-program.ts'
import { freePort } from './free-port.ts'
import { launchTied } from './launch.ts'

export interface RabbitMqEngineOptions {
  /** Made when missing, for its owner only. What is in it survives a restart. */
  readonly directory: string
  /** A free one by default. */
  readonly port?: number
  readonly log: Log
}

export interface RabbitMqEngine {
  /** With user and password. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Resolves with a sentence when it ended without being asked. */
  readonly ended: Promise<string>
  /** Ends it in good order, within ten seconds by force. Idempotent. */
  stop(): Promise<void>
}

/** On a fresh directory about five seconds on two cores; longer means trouble. */
const START_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 10_000
const PORT_ATTEMPTS = 5
const SAID_MAX_LINES = 30
/** Bytes; it then takes nothing more until consumers have caught up. */
const MEMORY_MAX_BYTES = 256 * 1024 * 1024
const DISK_FREE_MIN_BYTES = 50 * 1024 * 1024
const USER = 'parley'
/** The script itself: what Debian has in /usr/sbin refuses everybody but root and rabbitmq. */
const SCRIPTS = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/opt/rabbitmq/sbin/rabbitmq-server']

/** Resolves when it takes connections. Throws `NotInstalled`, or what RabbitMQ said. */
export async function startRabbitMq(options: RabbitMqEngineOptions): Promise<RabbitMqEngine> {
  const program = SCRIPTS.find((script) => existsSync(script)) ?? findProgram(['rabbitmq-server'], 'RabbitMQ')
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    try {
      return await launch(program, port, options)
    } catch (error) {
      // Somebody may take a free port between our finding it and RabbitMQ's.
      if (options.port !== undefined || attempt === PORT_ATTEMPTS || !/eaddrinuse/i.test(String(error)))
        throw error
    }
  }
}

async function launch(
  program: string,
  port: number,
  { directory, log }: RabbitMqEngineOptions,
): Promise<RabbitMqEngine> {
  const password = await prepare(directory, port)
  const child = await launchTied({
    command: program,
    args: [],
    cwd: directory,
    env: await environment(directory),
    signal: 'KILL',
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  try {
    await untilStarted(child, exited, log)
  } catch (error) {
    child.kill('SIGKILL')
    await exited
    throw error
  }
  let stopped = false
  const ended = Promise.withResolvers<string>()
  void exited.then(() => {
    if (!stopped) ended.resolve(`RabbitMQ ended (${child.signalCode ?? child.exitCode})`)
  })
  return {
    url: `amqp://${USER}:${password}@127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    ended: ended.promise,
    async stop() {
      stopped = true
      child.kill('SIGTERM')
      // One that was frozen hears it now.
      child.kill('SIGCONT')
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await exited
      clearTimeout(force)
    },
  }
}

/** Writes what RabbitMQ reads at its start; answers the password. */
async function prepare(directory: string, port: number): Promise<string> {
  await mkdir(directory, { recursive: true })
  await chmod(directory, 0o700)
  const password = await keep(join(directory, 'password'))
  // What one Erlang node knows another by. Only we have it, so nobody else is let in.
  await keep(join(directory, '.erlang.cookie'))
  await writeFile(join(directory, 'enabled_plugins'), '[].\n')
  await writeFile(
    join(directory, 'rabbitmq.config'),
    `[{rabbit, [
  {tcp_listeners, [{"127.0.0.1", ${port}}]},
  {default_user, <<"${USER}">>},
  {default_pass, <<"${password}">>},
  {vm_memory_high_watermark, {absolute, ${MEMORY_MAX_BYTES}}},
  {disk_free_limit, ${DISK_FREE_MIN_BYTES}}
]}].\n`,
    { mode: 0o600 },
  )
  return password
}

/** Random text, made once and kept for its owner only. */
async function keep(file: string): Promise<string> {
  const secret = randomBytes(24).toString('hex')
  try {
    await writeFile(file, secret, { mode: 0o400, flag: 'wx' })
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readFile(file, 'utf8')
  }
}

/** Nothing of ours is handed down: what the person has set for another RabbitMQ would change this one. */
async function environment(directory: string): Promise<NodeJS.ProcessEnv> {
  const distributionPort = await freePort()
  const arguments_ = [
    // A node that is named from its beginning asks no epmd for the ports of others.
    '-sname parley@localhost',
    `-start_epmd false -erl_epmd_port ${distributionPort}`,
    '-kernel inet_dist_use_interface {127,0,0,1}',
    // As small as it gets without becoming slow, however many cores there are.
    '+S 2:2 +A 4',
  ]
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    HOME: directory,
    ERL_CRASH_DUMP_SECONDS: '0',
    // Otherwise the script stays as a parent that signals do not pass.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_CONF_ENV_FILE: join(directory, 'none'),
    RABBITMQ_NODENAME: 'parley@localhost',
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(directory, 'data'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(directory, 'generated'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: arguments_.join(' '),
  }
}

async function untilStarted(child: ChildProcess, exited: Promise<void>, log: Log): Promise<void> {
  const said: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (reason: string) => reject(new Error([reason, ...said].join('\n')))
  child.once('error', (error) => fail(`RabbitMQ could not be started: ${error.message}`))
  void exited.then(() => fail(`RabbitMQ ended (${child.signalCode ?? child.exitCode})`))
  const timer = setTimeout(() => fail(`RabbitMQ did not start within ${START_WITHIN_MS} ms`), START_WITHIN_MS)
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      const complaint = /\[(error|critical|alert|emergency)\]|BOOT FAILED/.test(line)
      if (complaint) log.warn({ from: 'rabbitmq' }, line)
      else log.debug({ from: 'rabbitmq' }, line)
      if (complaint && said.length < SAID_MAX_LINES) said.push(line)
      if (line.includes('Server startup complete')) resolve()
    })
  }
  await promise.finally(() => clearTimeout(timer))
}
