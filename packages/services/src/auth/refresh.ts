/**
 * A new pair of tokens for a refresh token, which is used up by it.
 *
 * Within 30 s the predecessor is taken again as long as nothing that came of it was used: two tabs refreshed with the
 * same cookie, or the answer got lost. Each time another candidate is made and all of them stay good, because the
 * order in which a browser stores two answers is not the order in which they were given; the first candidate that is
 * used becomes the predecessor and ends the others. Anything else that was once genuine is reuse: somebody holds a
 * copy, nobody knows who, so the device session ends.
 */
import type { Queryable, Revocation } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { ACCOUNT_COLUMNS, type AccountRow, toUser } from './accounts.ts'
import type { AuthVerb } from './context.ts'
import { announceRevocations, endDevices } from './end-devices.ts'
import { type RefreshToken, readRefreshToken, succeed } from './refresh-token.ts'
import { ACCESS_LIFETIME_SECONDS, type Lifetime } from './signing-keys.ts'
import { REFRESH_LIFETIME_MS } from './start-device.ts'

export const PREDECESSOR_GRACE_MS = 30_000
/** Candidates of one predecessor; the oldest gives way. */
const CANDIDATES_MAX = 8

interface DeviceRow extends AccountRow {
  device: string
  lifetime: Lifetime
  candidates: string[]
  predecessor: string | null
  predecessor_used_at: number | null
  usable: boolean
}

export const refresh: AuthVerb<'refresh'> = async (context, input) => {
  const { database, clock, keys } = context
  const token = readRefreshToken(input.refresh_token)
  if (token === undefined) throw new ParleyError('unauthenticated')
  const now = clock.now()
  const next = succeed(token)

  const outcome = await database.transaction(
    async (transaction): Promise<{ device: DeviceRow } | { ended: Revocation[] }> => {
      const device = await lockDevice(transaction, token.familyHash, now)
      if (device === undefined || !device.usable) return { ended: [] }
      if (!accepts(device, token, now)) {
        return { ended: await endDevices(transaction, now, { account: device.id, devices: [device.device] }) }
      }
      await rotate(transaction, device, token, next, now)
      return { device }
    },
  )
  if ('ended' in outcome) {
    if (outcome.ended.length > 0) {
      context.log.warn({ revocations: outcome.ended }, 'a refresh token was used twice')
    }
    announceRevocations(context.bus, outcome.ended)
    throw new ParleyError('unauthenticated')
  }

  const { device } = outcome
  // A failure here is a lost answer: the client comes again with the predecessor.
  const accessToken = await keys.sign({ user: device.id, device: device.device, lifetime: device.lifetime })
  return {
    user: toUser(device),
    device: device.device,
    access_token: accessToken,
    expires_in_seconds: ACCESS_LIFETIME_SECONDS[device.lifetime],
    refresh_token: next.text,
  }
}

/** The lock makes two uses of one token take turns. */
async function lockDevice(
  transaction: Queryable,
  familyHash: string,
  nowMs: number,
): Promise<DeviceRow | undefined> {
  const { rows } = await transaction.query<DeviceRow>(
    `select ${ACCOUNT_COLUMNS}, device.id as device, device.lifetime, device.candidates, device.predecessor,
       device.predecessor_used_at,
       device.ended_at is null and device.refresh_until > $2 and not account.disabled as usable
     from auth.device as device join auth.account as account on account.id = device.account
     where device.family = $1 for update of device`,
    [familyHash, nowMs],
    'auth-refresh-lock',
  )
  return rows[0]
}

function accepts(device: DeviceRow, token: RefreshToken, nowMs: number): boolean {
  if (device.candidates.includes(token.hash)) return true
  return (
    device.predecessor === token.hash &&
    device.predecessor_used_at !== null &&
    nowMs - device.predecessor_used_at <= PREDECESSOR_GRACE_MS
  )
}

async function rotate(
  transaction: Queryable,
  device: DeviceRow,
  used: RefreshToken,
  next: RefreshToken,
  nowMs: number,
): Promise<void> {
  const again = device.predecessor === used.hash
  await transaction.query(
    `update auth.device set candidates = $2, predecessor = $3, predecessor_used_at = $4, last_seen_at = $5,
       refresh_until = $6
     where id = $1`,
    [
      device.device,
      again ? [...device.candidates, next.hash].slice(-CANDIDATES_MAX) : [next.hash],
      used.hash,
      // Not moved by a repetition: the 30 s count from the first use.
      again ? device.predecessor_used_at : nowMs,
      nowMs,
      nowMs + REFRESH_LIFETIME_MS,
    ],
    'auth-refresh-rotate',
  )
}
