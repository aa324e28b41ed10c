/** Brings the lines of calls into the rooms' logs, each once and in order; any number of processes may run it. */
import { ParleyError } from '@parley/protocol'
import type { CallMedia } from '@parley/protocol/calls'
import type { CallLine } from './call-machine.ts'
import type { CallsDependencies } from './dependencies.ts'

/** Calls of one look. */
const CALLS_MAX = 50

interface LineRow {
  call_id: string
  n: number
  room_id: string
  sender: string
  line: CallLine
}

/** How many were appended. A line whose room is gone is dropped. */
export async function appendLines({ database, rooms }: CallsDependencies): Promise<number> {
  const { rows: calls } = await database.query<{ id: string }>(
    `select distinct call_id as id from calls.line order by call_id limit ${CALLS_MAX}`,
    [],
    'calls.with-lines',
  )
  let appended = 0
  for (const { id } of calls) {
    // Whoever else works on this call's lines is waited for, so that their order is kept.
    appended += await database.transaction(async (transaction) => {
      const { rows: locked } = await transaction.query(
        'select 1 from calls.call where id = $1 for no key update skip locked',
        [id],
        'calls.lock-lines',
      )
      if (locked.length === 0) return 0
      const { rows } = await transaction.query<LineRow>(
        'select call_id, n, room_id, sender, line from calls.line where call_id = $1 order by n',
        [id],
        'calls.read-lines',
      )
      for (const row of rows) {
        try {
          await rooms.appendCallLine({
            room: row.room_id,
            sender: row.sender,
            client_id: `${row.call_id}:${row.n}`,
            line: toData(row),
          })
        } catch (error) {
          if (!(error instanceof ParleyError && error.code === 'not_found')) throw error
        }
      }
      await transaction.query('delete from calls.line where call_id = $1 and n = any($2)', [
        id,
        rows.map(({ n }) => n),
      ])
      return rows.length
    })
  }
  return appended
}

function toData({ call_id, line }: LineRow): {
  call: string
  line: CallLine['line']
  media?: CallMedia
  rung?: string[]
  reason?: 'missed' | 'declined' | 'busy' | 'cancelled'
  duration_ms?: number
} {
  return {
    call: call_id,
    line: line.line,
    ...('media' in line ? { media: line.media } : {}),
    ...('rung' in line && line.rung.length > 0 ? { rung: [...line.rung] } : {}),
    ...('reason' in line ? { reason: line.reason } : {}),
    ...('durationMs' in line ? { duration_ms: line.durationMs } : {}),
  }
}
