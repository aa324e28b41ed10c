/** Cursors are `epoch.xid`. The epoch changes when the data are restored into another cluster or timeline, or when an operator says so. */
import type { Database } from '@parley/contracts'

export type ReadEpoch = () => Promise<string>

/** Read once a process: a database of another epoch cannot take the place of this one while it is connected. */
export function createReadEpoch(database: Database): ReadEpoch {
  let epoch: Promise<string> | undefined
  return () => {
    epoch ??= readEpoch(database).catch((error: unknown) => {
      epoch = undefined
      throw error
    })
    return epoch
  }
}

async function readEpoch(database: Database): Promise<string> {
  const { rows } = await database.query<{ epoch: string }>(
    `select m.epoch || substr(md5(s.system_identifier::text || c.timeline_id::text), 1, 8) as epoch
     from rooms.meta m, pg_control_system() s, pg_control_checkpoint() c`,
  )
  if (rows[0] === undefined) throw new Error('rooms.meta is empty')
  return rows[0].epoch
}

/** Undefined for a cursor of another epoch, and for what is none. */
export function parseCursor(cursor: string, epoch: string): string | undefined {
  const [given, xmin] = cursor.split('.')
  return given === epoch && xmin !== undefined && /^\d{1,18}$/.test(xmin) ? xmin : undefined
}
