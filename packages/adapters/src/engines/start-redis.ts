/** A private Redis for the processes of one machine: nothing is kept on disk, and it ends when we do. */
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Log } from '@parley/contracts'
import { findProgram } from './find-program.ts'
import { launchTied } from './launch.ts'

const START_MAX_MS = 10_000
const STOP_MAX_MS = 5_000

export interface RedisServerOptions {
  /** Made when missing, for its owner only. */
  readonly directory: string
  /** TCP port on 127.0.0.1. */
  readonly port: number
  readonly log: Log
}

export interface RunningRedis {
  readonly url: string
  readonly pid: number
  /** Resolves with a sentence when it ended without being asked. */
  readonly ended: Promise<string>
  /** Idempotent. */
  stop(): Promise<void>
}

/** Resolves when connections are taken. Throws a sentence when Redis is missing or does not start. */
export async function startRedis({ directory, port, log }: RedisServerOptions): Promise<RunningRedis> {
  const command = findProgram(['redis-server', 'valkey-server'], 'Redis')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', daemonize: 'no', dir: '.' }
  const child = await launchTied({
    command,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]),
    cwd: directory,
    signal: 'KILL',
  })
  const ready = Promise.withResolvers<void>()
  const end = Promise.withResolvers<string>()
  let lastLine = ''
  let stopped = false
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.trim() !== '') lastLine = line
      log.debug({ from: 'redis' }, line)
      if (line.includes('Ready to accept connections')) ready.resolve()
    })
  }
  child.stderr?.resume()
  const onEnd = (what: string): void => {
    const sentence = `Redis ended (${what}): ${lastLine}`
    ready.reject(new Error(sentence))
    if (!stopped) end.resolve(sentence)
  }
  child.once('error', (error) => onEnd(error.message))
  child.once('close', (code, signal) => onEnd(String(signal ?? code)))
  const late = setTimeout(() => {
    child.kill('SIGKILL')
    ready.reject(new Error(`Redis did not start within ${START_MAX_MS / 1_000} s: ${lastLine}`))
  }, START_MAX_MS)
  await ready.promise.finally(() => clearTimeout(late))
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    ended: end.promise,
    async stop() {
      stopped = true
      if (child.exitCode === null && child.signalCode === null) {
        const closed = new Promise((resolve) => child.once('close', resolve))
        child.kill('SIGTERM')
        // One that was frozen hears it now.
        child.kill('SIGCONT')
        const force = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
        await closed
        clearTimeout(force)
      }
    },
  }
}
