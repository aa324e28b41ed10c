/** The device sessions that one is signed in with, the one used last first. */
import type { AuthVerb } from './context.ts'

interface DeviceRow {
  id: string
  name: string
  created_at: number
  last_seen_at: number
}

export const listDevices: AuthVerb<'listDevices'> = async ({ database, clock }, input) => {
  const { rows } = await database.query<DeviceRow>(
    `select id, name, created_at, last_seen_at from auth.device
     where account = $1 and ended_at is null and refresh_until > $2 order by last_seen_at desc, id desc`,
    [input.user, clock.now()],
  )
  return { devices: rows.map((row) => ({ ...row, current: row.id === input.device })) }
}
