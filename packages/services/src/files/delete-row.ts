/** The end of a file's row, and of its place in the quotas. */
import type { Queryable } from '@parley/contracts'
import { changeUsage } from './usage.ts'

/** Where it is in that state still; otherwise nothing changes. */
export async function deleteRow(transaction: Queryable, id: string, state: string): Promise<void> {
  const { rows } = await transaction.query<{ owner_id: string; bytes: number }>(
    `delete from files.file where id = $1 and state = $2
     returning owner_id, bytes + coalesce(thumbnail_bytes, 0) as bytes`,
    [id, state],
    'files.delete-row',
  )
  const [row] = rows
  if (row !== undefined) await changeUsage(transaction, row.owner_id, -row.bytes)
}
