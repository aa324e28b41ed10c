/** One timing wheel for all connections: each second a slice of them is looked at, so no connection owns a timer. */
import type { Clock } from '@parley/contracts'
import { AUTH_DEADLINE_MS, HEARTBEAT_MS } from '@parley/protocol'
import type { Connection } from './connection.ts'

const SLICE_MS = 1_000
const SLICES = HEARTBEAT_MS / SLICE_MS
/** Silent for two heartbeats: nobody is there. */
const SILENT_MAX_BEATS = 2

export interface Heartbeat {
  /** From now on this connection must authenticate in time and show signs of life. */
  add(connection: Connection): void
  remove(connection: Connection): void
  close(): void
}

export function createHeartbeat(clock: Clock): Heartbeat {
  const slices = Array.from({ length: SLICES }, () => new Set<Connection>())
  /** In order of arrival, so only the front can be due. */
  const unknown = new Set<Connection>()
  let turn = 0
  let cancel = clock.after(SLICE_MS, beat)

  function beat(): void {
    const now = clock.now()
    for (const connection of unknown) {
      if (connection.principal === null && now - connection.openedAt < AUTH_DEADLINE_MS) break
      unknown.delete(connection)
      if (connection.principal === null) connection.close('auth_timeout')
    }
    turn = (turn + 1) % SLICES
    for (const connection of slices[turn] ?? []) look(connection, now)
    cancel = clock.after(SLICE_MS, beat)
  }

  function look(connection: Connection, now: number): void {
    if (connection.silentBeats >= SILENT_MAX_BEATS) {
      connection.link.terminate()
      connection.ended()
    } else if (connection.principal !== null && connection.principal.expiresAtMs <= now)
      connection.close('token_expired')
    else {
      if (connection.link.answersPing) connection.silentBeats++
      connection.link.ping()
    }
  }

  return {
    add(connection) {
      unknown.add(connection)
      // Its slice comes round a whole heartbeat from now.
      slices[turn]?.add(connection)
    },
    remove(connection) {
      unknown.delete(connection)
      for (const slice of slices) if (slice.delete(connection)) break
    },
    close: () => cancel(),
  }
}
