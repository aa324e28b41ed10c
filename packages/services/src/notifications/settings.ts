/** When a person does not want to be disturbed, and what may be read on a device. */
import type { InputOf, notificationsContract, OutputOf, Queryable } from '@parley/contracts'
import type { NotificationSettings, PushContent, QuietHours } from '@parley/protocol'
import type { NotificationsDependencies } from './dependencies.ts'

type Contract = typeof notificationsContract

const defaults: NotificationSettings = {
  do_not_disturb_until: null,
  quiet_hours: null,
  push_content: 'full',
}

/** Of those who have set something. */
export async function readSettings(
  reader: Queryable,
  users: readonly string[],
): Promise<Map<string, NotificationSettings>> {
  const { rows } = await reader.query<{
    user_id: string
    until: number | null
    quiet_hours: QuietHours | null
    push_content: PushContent
  }>(
    `select user_id, do_not_disturb_until as until, quiet_hours, push_content from notifications.person
     where user_id = any($1) and
       (do_not_disturb_until is not null or quiet_hours is not null or push_content <> 'full')`,
    [users],
    'notifications.settings',
  )
  return new Map(
    rows.map(({ user_id, until, ...others }) => [user_id, { do_not_disturb_until: until, ...others }]),
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
  const { do_not_disturb_until: until, quiet_hours: hours, push_content: content } = changes
  await dependencies.database.query(
    `insert into notifications.person as p (user_id, do_not_disturb_until, quiet_hours, push_content)
     values ($1, $2, $3::jsonb, coalesce($6, 'full'))
     on conflict (user_id) do update set
       do_not_disturb_until = case when $4 then excluded.do_not_disturb_until else p.do_not_disturb_until end,
       quiet_hours = case when $5 then excluded.quiet_hours else p.quiet_hours end,
       push_content = coalesce($6, p.push_content)`,
    [
      user,
      until ?? null,
      hours == null ? null : JSON.stringify(hours),
      until !== undefined,
      hours !== undefined,
      content ?? null,
    ],
  )
  return getNotificationSettings(dependencies, { user })
}
