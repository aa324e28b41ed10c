import { readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DataDirectoryInUse, systemCode } from './errors.ts'
import { socketPath } from './open-doorway.ts'

/** A postmaster that outlived its Parley by a moment has not yet heard of it. */
const GRACE_MS = 1_000
/** One that is shutting down writes its last checkpoint. */
const SHUTDOWN_MS = 60_000
const POLL_MS = 25

/**
 * Returns when no other server owns the data directory. After SIGKILL of Parley its PostgreSQL is still
 * shutting down when the service manager starts us again: that is waited for. A server that means to live
 * is not.
 *
 * @param host a path to the data directory by which its socket can be reached.
 * @throws DataDirectoryInUse
 */
export async function awaitPredecessor(dataDirectory: string, host: string): Promise<void> {
  const started = performance.now()
  for (;;) {
    const owner = await findOwner(dataDirectory, host)
    if (owner === undefined) return
    const bound = owner.stopping ? SHUTDOWN_MS : GRACE_MS
    if (performance.now() - started >= bound) throw new DataDirectoryInUse(dataDirectory, owner.pid)
    await delay(POLL_MS)
  }
}

interface Owner {
  /** Undefined if it runs where its number means nothing to us. */
  readonly pid: number | undefined
  readonly stopping: boolean
}

async function findOwner(dataDirectory: string, host: string): Promise<Owner | undefined> {
  const lockFile = join(dataDirectory, 'postmaster.pid')
  const lines = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n')
  const pid = Number.parseInt(lines[0] ?? '', 10)
  if (pid > 0 && isAlive(pid)) {
    if (await worksIn(pid, dataDirectory)) return { pid, stopping: lines[7]?.trim() === 'stopping' }
    // The number of a dead postmaster was given to another program, as happens at every restart of a
    // container. PostgreSQL would only see that it is taken, and refuse to start for ever.
    await rm(lockFile, { force: true })
    await rm(`${socketPath(dataDirectory)}.lock`, { force: true })
  }
  // In another container on this machine its number means nothing, but its socket answers.
  return (await answers(socketPath(host))) ? { pid: undefined, stopping: false } : undefined
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/** A postmaster's working directory is its data directory. What cannot be told counts as yes. */
async function worksIn(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform !== 'linux') return true
  try {
    const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(dataDirectory)])
    return theirs.dev === ours.dev && theirs.ino === ours.ino
  } catch (error) {
    // ENOENT: it ended just now, or it is a zombie that its parent has not buried.
    return systemCode(error) !== 'ENOENT'
  }
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path)
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
