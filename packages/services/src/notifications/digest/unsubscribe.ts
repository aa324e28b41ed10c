/**
 * The link of a digest that needs no sign-in: who has the letter may say that no more shall come, and nothing else. It
 * never expires, because letters do not either.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { InputOf, notificationsContract, Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { NotificationsDependencies } from '../dependencies.ts'
import { setDigest } from './digest-choice.ts'

export function signUnsubscribe(key: string, user: string): string {
  const signature = createHmac('sha256', key).update(`unsubscribe ${user}`).digest('base64url')
  return `${Buffer.from(user).toString('base64url')}.${signature}`
}

/** Undefined for a token that this key did not make. */
export function readUnsubscribe(key: string, token: string): string | undefined {
  const user = Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()
  const [expected, given] = [Buffer.from(signUnsubscribe(key, user)), Buffer.from(token)]
  return user !== '' && expected.length === given.length && timingSafeEqual(expected, given)
    ? user
    : undefined
}

export async function readMailKey(reader: Queryable): Promise<string> {
  const { rows } = await reader.query<{ key: string }>('select key from notifications.mail_key', [])
  const key = rows[0]?.key
  if (key === undefined) throw new Error('notifications.mail_key is empty')
  return key
}

export async function unsubscribe(
  parts: Pick<NotificationsDependencies, 'database' | 'clock'>,
  { token }: InputOf<typeof notificationsContract, 'unsubscribe'>,
): Promise<Record<never, never>> {
  const user = readUnsubscribe(await readMailKey(parts.database), token)
  if (user === undefined) throw new ParleyError('link_expired')
  await setDigest(parts, { user, digest: 'off' })
  return {}
}
