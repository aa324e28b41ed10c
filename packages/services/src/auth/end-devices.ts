/** Ends device sessions: their refresh tokens are dead and a revocation cuts off the access tokens still out there. */
import type { Bus, Queryable, Revocation } from '@parley/contracts'
import { REVOCATIONS_TOPIC } from '@parley/contracts'
import { ACCESS_LIFETIME_SECONDS, type Lifetime } from './signing-keys.ts'

/** Longer than verifiers' clocks differ. */
const CLOCK_DIFFERENCE_MS = 300_000

export interface DevicesToEnd {
  readonly account: string
  /** Only these. */
  readonly devices?: readonly string[]
  /** All but this one. */
  readonly except?: string
}

/**
 * In a transaction. Lock order everywhere: account, devices, head of the revocations; so this comes last, because the
 * head is held until the commit. Announce what it returns after the commit.
 */
export async function endDevices(
  transaction: Queryable,
  nowMs: number,
  which: DevicesToEnd,
): Promise<Revocation[]> {
  const { rows } = await transaction.query<{ id: string; lifetime: Lifetime }>(
    `update auth.device set ended_at = $1
     where account = $2 and ended_at is null and ($3::text[] is null or id = any($3))
       and id is distinct from $4
     returning id, lifetime`,
    [nowMs, which.account, which.devices ?? null, which.except ?? null],
  )
  return recordRevocations(
    transaction,
    nowMs,
    rows.map((row) => ({ kind: 'device', subject: row.id, lifetime: row.lifetime })),
  )
}

/** In a transaction, last. */
export async function recordRevocations(
  transaction: Queryable,
  nowMs: number,
  entries: readonly { kind: Revocation['kind']; subject: string; lifetime: Lifetime }[],
): Promise<Revocation[]> {
  if (entries.length === 0) return []
  const { rows } = await transaction.query<Revocation>(
    `with head as (update auth.revocation_head set last_id = last_id + $1 returning last_id)
     insert into auth.revocation (id, kind, subject, at, until)
     select head.last_id - $1 + entry.place, entry.kind, entry.subject, $2, entry.until
     from head, unnest($3::text[], $4::text[], $5::bigint[]) with ordinality as entry (kind, subject, until, place)
     returning id, at, kind, subject`,
    [
      entries.length,
      nowMs,
      entries.map((entry) => entry.kind),
      entries.map((entry) => entry.subject),
      entries.map((entry) => nowMs + ACCESS_LIFETIME_SECONDS[entry.lifetime] * 1_000 + CLOCK_DIFFERENCE_MS),
    ],
  )
  return rows
}

/** After the commit. */
export function announceRevocations(bus: Bus, revocations: readonly Revocation[]): void {
  for (const revocation of revocations) bus.publish(REVOCATIONS_TOPIC, JSON.stringify(revocation))
}
