import { LIST_DEFAULT_ITEMS } from '@parley/protocol'
import { z } from 'zod'

/** An answer without a body (204). */
export const done = z.undefined()

/** A list query as the contracts take it: with the default page size. */
export function pageOf(query: { limit?: number | undefined; cursor?: string | undefined }) {
  return { limit: query.limit ?? LIST_DEFAULT_ITEMS, cursor: query.cursor }
}
