/** How much room files take, of a person and of all: kept in step with the files by the same transaction. */
import type { Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { FileLimits } from './dependencies.ts'

/** The row of all. */
const EVERYBODY = ''

/** Bytes that this person may still store. Throws `quota_exceeded` where there are none. */
export async function readRoom(reader: Queryable, limits: FileLimits, owner: string): Promise<number> {
  const { rows } = await reader.query<{ owner_id: string; bytes: number }>(
    'select owner_id, bytes from files.usage where owner_id = any($1)',
    [[owner, EVERYBODY]],
    'files.usage',
  )
  const of = (id: string): number => rows.find((row) => row.owner_id === id)?.bytes ?? 0
  const own = limits.userMaxBytes - of(owner)
  const total = limits.totalMaxBytes - of(EVERYBODY)
  if (own <= 0) throw ownUsedUp()
  if (total <= 0) throw totalUsedUp()
  return Math.min(own, total)
}

/** Counts a file that is there now. Throws `quota_exceeded`; the transaction must then end. */
export async function addUsage(
  transaction: Queryable,
  limits: FileLimits,
  owner: string,
  bytes: number,
): Promise<void> {
  // Always the person first: two uploads that finish at once wait for each other in one order.
  if ((await change(transaction, owner, bytes)) > limits.userMaxBytes) throw ownUsedUp()
  if ((await change(transaction, EVERYBODY, bytes)) > limits.totalMaxBytes) throw totalUsedUp()
}

export async function removeUsage(transaction: Queryable, owner: string, bytes: number): Promise<void> {
  await change(transaction, owner, -bytes)
  await change(transaction, EVERYBODY, -bytes)
}

async function change(transaction: Queryable, owner: string, bytes: number): Promise<number> {
  const { rows } = await transaction.query<{ bytes: number }>(
    `insert into files.usage as u (owner_id, bytes) values ($1, greatest($2::bigint, 0))
     on conflict (owner_id) do update set bytes = greatest(u.bytes + $2::bigint, 0) returning bytes`,
    [owner, bytes],
    'files.change-usage',
  )
  return rows[0]?.bytes ?? 0
}

export function ownUsedUp(): ParleyError {
  return new ParleyError('quota_exceeded', { details: { rule: 'user_quota' } })
}

function totalUsedUp(): ParleyError {
  return new ParleyError('quota_exceeded', {
    message: 'The server’s space for files is used up.',
    details: { rule: 'total_quota' },
  })
}
