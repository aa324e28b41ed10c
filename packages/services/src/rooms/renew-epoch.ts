/**
 * For after a restore. A copy of the files has the same epoch as its original, so a cursor that the original gave out
 * after the copy was made would be believed, and what was lost would be told to nobody.
 */
import type { Database } from '@parley/contracts'

/**
 * Makes every cursor given out so far worth nothing: the next resume of each client is a snapshot. Running rooms
 * services keep the epoch they have read, so none may run.
 */
export async function renewEpoch(database: Pick<Database, 'query'>): Promise<void> {
  await database.query(
    'update rooms.meta set epoch = substr(md5(random()::text || clock_timestamp()::text), 1, 8)',
  )
}
