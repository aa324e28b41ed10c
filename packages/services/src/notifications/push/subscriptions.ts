/** Which devices want pushes. Each is one device session: it goes with that, at the latest when the next push is due. */
import {
  type Database,
  type InputOf,
  type notificationsContract,
  type OutputOf,
  REVOCATIONS_TOPIC,
  type Revocation,
} from '@parley/contracts'
import { ParleyError, PUSH_DEVICES_MAX, PUSH_ENDPOINT_MAX_CHARS } from '@parley/protocol'
import type { NotificationsDependencies } from '../dependencies.ts'
import { areKeys } from './encrypt.ts'

type Contract = typeof notificationsContract

export async function isSubscribed(database: Database, device: string): Promise<boolean> {
  const { rows } = await database.query(
    'select 1 from notifications.push_subscription where device_id = $1',
    [device],
  )
  return rows.length > 0
}

export async function subscribePush(
  { database, clock, push }: Pick<NotificationsDependencies, 'database' | 'clock' | 'push'>,
  { user, device, subscription }: InputOf<Contract, 'subscribePush'>,
): Promise<OutputOf<Contract, 'subscribePush'>> {
  const { keys, language } = subscription
  const endpoint = URL.parse(subscription.endpoint)?.href ?? ''
  // As it is kept it may be longer than as it came: what is not ASCII is spelled out.
  if (endpoint.length > PUSH_ENDPOINT_MAX_CHARS || !push.transport.mayReach(endpoint))
    throw refusal('endpoint', 'is not an address that pushes are sent to')
  if (!areKeys(keys)) throw refusal('keys', 'are not keys of a browser')
  await database.transaction(async (transaction) => {
    // One after the other: two devices that bring the same endpoint at once would each find it free.
    await transaction.query(`select pg_advisory_xact_lock(hashtext('notifications.push_subscription'))`)
    // Of a browser in which somebody else signed in, or of this device's own earlier subscription.
    await transaction.query(
      `delete from notifications.push_subscription where (endpoint = $1) <> (device_id = $2)`,
      [endpoint, device],
    )
    await transaction.query(
      `insert into notifications.push_subscription (device_id, user_id, endpoint, p256dh, auth, language, renewed_at)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (device_id) do update set user_id = excluded.user_id, endpoint = excluded.endpoint,
         p256dh = excluded.p256dh, auth = excluded.auth, language = excluded.language,
         renewed_at = excluded.renewed_at`,
      [device, user, endpoint, keys.p256dh, keys.auth, language, clock.now()],
    )
    await transaction.query(
      `delete from notifications.push_subscription where user_id = $1 and device_id not in (
         select device_id from notifications.push_subscription where user_id = $1
         order by renewed_at desc, device_id = $2 desc limit ${PUSH_DEVICES_MAX})`,
      [user, device],
    )
  })
  return {}
}

function refusal(field: string, text: string): ParleyError {
  return new ParleyError('invalid_request', { details: { fields: { [`subscription.${field}`]: text } } })
}

export async function unsubscribePush(
  { database }: Pick<NotificationsDependencies, 'database'>,
  { user, device }: InputOf<Contract, 'unsubscribePush'>,
): Promise<OutputOf<Contract, 'unsubscribePush'>> {
  await database.query('delete from notifications.push_subscription where device_id = $1 and user_id = $2', [
    device,
    user,
  ])
  return {}
}

/**
 * Forgets devices as their sessions end. Only a hint that may be lost: whether the session lives is asked before each
 * push. The returned function ends it.
 */
export function forgetRevoked({ database, bus, log }: NotificationsDependencies): Promise<() => void> {
  return bus.subscribe(REVOCATIONS_TOPIC, (message) => {
    const { kind, subject } = JSON.parse(message) as Revocation
    const column = kind === 'device' ? 'device_id' : 'user_id'
    database
      .query(`delete from notifications.push_subscription where ${column} = $1`, [subject])
      .catch((error: unknown) => log.debug({ error: String(error) }, 'subscription not removed yet'))
  })
}
