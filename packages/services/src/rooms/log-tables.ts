/**
 * Where entries lie: the hot table, and the archive that old ones are moved to. The view `rooms.log` is both, for
 * whoever reads. Who changes an entry goes through `changeEntries`.
 */
import type { Queryable } from '@parley/contracts'

/** In the order in which they are changed: entries move from the first to the second, never back. */
export const LOG_TABLES = ['entry', 'archive'] as const

/**
 * `update … set` on entries, wherever they lie. Two statements: the second one's snapshot is younger than the first
 * one's wait, so what was moved while the first waited is found by the second.
 */
export async function changeEntries(
  writer: Queryable,
  { set, where }: { readonly set: string; readonly where: string },
  values: readonly unknown[],
  name: string,
): Promise<void> {
  for (const table of LOG_TABLES)
    await writer.query(`update rooms.${table} set ${set} where ${where}`, values, `${name}-${table}`)
}
