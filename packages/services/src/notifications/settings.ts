/** When a person does not want to be disturbed. */
import type { InputOf, notificationsContract, OutputOf, Queryable } from '@parley/contracts'
import type { NotificationSettings, QuietHours } from '@parley/protocol'
import type { NotificationsDependencies } from './dependencies.ts'

type Contract = typeof notificationsContract

const defaults: NotificationSettings = { do_not_disturb_until: null, quiet_hours: null }

/** Of those who have set something. */
export async function readSettings(
  reader: Queryable,
  users: readonly string[],
): Promise<Map<string, NotificationSettings>> {
  const { rows } = await reader.query<{
    user_id: string
    until: number | null
    quiet_hours: QuietHours | null
  }>(
    `select user_id, do_not_disturb_until as until, quiet_hours from notifications.person
     where user_id = any($1) and (do_not_disturb_until is not null or quiet_hours is not null)`,
    [users],
    'notifications.settings',
  )
  return new Map(
    rows.map((row) => [row.user_id, { do_not_disturb_until: row.until, quiet_hours: row.quiet_hours }]),
  )
}

export async function getNotificationSettings(
  { database }: NotificationsDependencies,
  { user }: InputOf<Contract, 'getNotificationSettings'>,
): Promise<OutputOf<Contract, 'getNotificationSettings'>> {
  return { settings: (await readSettings(database, [user])).get(user) ?? defaults }
}

export async function setNotificationSettings(
  dependencies: NotificationsDependencies,
  { user, ...changes }: InputOf<Contract, 'setNotificationSettings'>,
): Promise<OutputOf<Contract, 'setNotificationSettings'>> {
  const { do_not_disturb_until: until, quiet_hours: hours } = changes
  await dependencies.database.query(
    `insert into notifications.person as p (user_id, do_not_disturb_until, quiet_hours)
     values ($1, $2, $3::jsonb)
     on conflict (user_id) do update set
       do_not_disturb_until = case when $4 then excluded.do_not_disturb_until else p.do_not_disturb_until end,
       quiet_hours = case when $5 then excluded.quiet_hours else p.quiet_hours end`,
    [
      user,
      until ?? null,
      hours == null ? null : JSON.stringify(hours),
      until !== undefined,
      hours !== undefined,
    ],
  )
  return getNotificationSettings(dependencies, { user })
}
