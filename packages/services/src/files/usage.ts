/** How much room files take, of a person and of all: kept in step with the files by the same transaction. */
import type { Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { FileLimits } from './dependencies.ts'

/** The row of all. */
const EVERYBODY = ''

/** What files take after a change, what is reserved for uploads included. */
export interface Sums {
  readonly own: number
  readonly total: number
}

/**
 * SQL that does `change`, a statement that returns `owner_id` and the `bytes` a file takes more, and adds them to both
 * sums; it answers with `Sums`, and with nothing where `change` did. Rows are locked in one order, the person's before
 * that of all: two changes at once wait for each other.
 */
export function changeUsageOf(change: string): string {
  return `with changed as (${change}),
    own as (
      insert into files.usage as u (owner_id, bytes) select owner_id, greatest(bytes, 0) from changed
      on conflict (owner_id) do update set bytes = greatest(u.bytes + (select bytes from changed), 0) returning u.bytes
    ),
    everybody as (
      insert into files.usage as u (owner_id, bytes)
      select '${EVERYBODY}', greatest(changed.bytes, 0) from changed, own
      on conflict (owner_id) do update set bytes = greatest(u.bytes + (select bytes from changed), 0) returning u.bytes
    )
    select own.bytes as own, everybody.bytes as total from own, everybody`
}

/** Throws `quota_exceeded`; the transaction must then end. */
export function refuseOverdrawn(limits: FileLimits, { own, total }: Sums): void {
  if (own > limits.userMaxBytes) throw ownUsedUp()
  if (total > limits.totalMaxBytes) throw totalUsedUp()
}

const CHANGE = changeUsageOf('select $1::text as owner_id, $2::bigint as bytes')

/** Counts bytes more, or fewer, of files that are there now. Refuses nothing. */
export async function changeUsage(transaction: Queryable, owner: string, bytes: number): Promise<void> {
  if (bytes !== 0) await transaction.query(CHANGE, [owner, bytes], 'files.change-usage')
}

function ownUsedUp(): ParleyError {
  return new ParleyError('quota_exceeded', { details: { rule: 'user_quota' } })
}

function totalUsedUp(): ParleyError {
  return new ParleyError('quota_exceeded', {
    message: 'The server’s space for files is used up.',
    details: { rule: 'total_quota' },
  })
}
