/** Keeps the embedded PostgreSQL alive: one that dies is started again, a bounded number of times. */
import type { EmbeddedPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import type { Clock, Log } from '@parley/contracts'

/** Deaths within the window that are answered with a restart; one more ends the program, for a supervisor to see. */
export const RESTARTS_MAX = 5
export const RESTARTS_WINDOW_MS = 60_000
export const ROOM_INTERVAL_MS = 1_000

export interface SuperviseOptions {
  readonly start: () => Promise<EmbeddedPostgres>
  readonly clock: Clock
  readonly log: Log
  /** Whether the disk has the space that a start needs. */
  readonly hasRoom: () => Promise<boolean>
  /** It died too often, or could not be started again. */
  readonly onGivenUp: (reason: Error) => void
}

export interface SupervisedPostgres {
  readonly connection: EmbeddedPostgres['connection']
  /** Process id of the present server; for tests and `doctor`. */
  pid(): number
  /** Shuts it down cleanly; afterwards nothing is restarted. Idempotent. */
  stop(): Promise<void>
}

/** Throws what the first start throws. */
export async function supervisePostgres(options: SuperviseOptions): Promise<SupervisedPostgres> {
  const { clock, log } = options
  let current = await options.start()
  const { connection } = current
  // The way to the socket belongs to the server that opened it, and pools keep it: it is closed only at the end.
  const buried: EmbeddedPostgres[] = []
  let deaths: number[] = []
  let stopped: Promise<void> | undefined
  let restarting: Promise<void> = Promise.resolve()

  const watch = (postgres: EmbeddedPostgres): void => {
    void postgres.died.then((end) => {
      restarting = replace(postgres, end)
    })
  }

  async function replace(
    dead: EmbeddedPostgres,
    end: { code: number | null; signal: string | null },
  ): Promise<void> {
    if (stopped !== undefined) return
    const now = clock.now()
    // On a full disk PostgreSQL ends when its log needs a new segment. That heals when somebody makes room.
    const full = !(await options.hasRoom())
    deaths = deaths.filter((at) => now - at < RESTARTS_WINDOW_MS)
    if (!full) deaths.push(now)
    const times = deaths.length
    log.error(
      { pid: dead.pid, exit_code: end.code, signal: end.signal, times },
      'PostgreSQL ended unexpectedly',
    )
    buried.push(dead)
    if (full) await awaitRoom()
    if (stopped !== undefined) return
    try {
      if (times > RESTARTS_MAX) throw new Error(`PostgreSQL ended ${times} times within a minute`)
      const next = await options.start()
      if (stopped !== undefined) return void (await next.stop())
      current = next
      watch(next)
      log.info({ pid: next.pid }, 'PostgreSQL is running again')
    } catch (error) {
      options.onGivenUp(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async function awaitRoom(): Promise<void> {
    log.error({}, 'the disk is full; PostgreSQL is started again as soon as there is space')
    while (stopped === undefined && !(await options.hasRoom()))
      await new Promise<void>((resolve) => clock.after(ROOM_INTERVAL_MS, resolve))
  }

  watch(current)
  return {
    connection,
    pid: () => current.pid,
    stop() {
      stopped ??= (async () => {
        await current.stop()
        await restarting
        for (const dead of buried) await dead.stop()
      })()
      return stopped
    },
  }
}
