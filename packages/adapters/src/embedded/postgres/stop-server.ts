import { setTimeout as delay } from 'node:timers/promises'

export interface Stoppable {
  kill(signal: NodeJS.Signals): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>
}

/** Milliseconds to wait after each signal. A fast shutdown writes at most shared_buffers to the disk. */
export interface Patience {
  readonly fastMs: number
  readonly immediateMs: number
}

const PATIENCE: Patience = { fastMs: 30_000, immediateMs: 5_000 }

/**
 * Fast shutdown (SIGINT: roll back what is open, checkpoint, end); if that hangs, SIGQUIT (end now, recover
 * at the next start) and then SIGKILL. Durable in each case: what was committed is in the WAL.
 */
export async function stopServer(server: Stoppable, patience: Patience = PATIENCE): Promise<void> {
  server.kill('SIGINT')
  if (await settlesWithin(server.ended, patience.fastMs)) return
  server.kill('SIGQUIT')
  if (await settlesWithin(server.ended, patience.immediateMs)) return
  server.kill('SIGKILL')
  await server.ended
}

export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const cancel = new AbortController()
  const timeout = delay(milliseconds, false, { signal: cancel.signal }).catch(() => false)
  const settled = await Promise.race([promise.then(() => true), timeout])
  cancel.abort()
  return settled
}
