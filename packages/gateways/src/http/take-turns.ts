/**
 * A few reads of one person at a time, the others wait for their turn: the database answers in the order it is asked, and
 * whoever asks for hundreds of pages at once must not be in front of everybody.
 */
import { ParleyError } from '@parley/protocol'
import type { RouteOptions } from 'fastify'
import pLimit from 'p-limit'
import { principalOf } from './gateway-types.ts'

/** Per user: as many as a browser has connections to one host. */
export const READS_AT_ONCE_MAX = 6
/** Per user, under way or waiting: above the burst that the rates let pass, so it is met only where those are off. */
export const READS_OPEN_MAX = 1_000
const RETRY_AFTER_MS = 1_000

/** For the `onRoute` hook. Files have no turns: they may take long, and ask the database for next to nothing. */
export function takeTurns(): (route: RouteOptions) => void {
  const readers = new Map<string, { readonly inTurn: ReturnType<typeof pLimit>; open: number }>()

  async function read<Result>(user: string, work: () => Result): Promise<Awaited<Result>> {
    const reader = readers.get(user) ?? { inTurn: pLimit(READS_AT_ONCE_MAX), open: 0 }
    if (reader.open >= READS_OPEN_MAX) throw new ParleyError('rate_limited', { retryAfterMs: RETRY_AFTER_MS })
    readers.set(user, reader)
    reader.open++
    try {
      return await reader.inTurn(work)
    } finally {
      if (--reader.open === 0) readers.delete(user)
    }
  }

  return (route) => {
    const { access, rate = 'read' } = route.config ?? {}
    const reads = route.method === 'GET' || route.method === 'HEAD'
    if (!reads || access !== 'user' || (rate !== 'read' && rate !== 'search')) return
    const { handler } = route
    route.handler = function (request, reply) {
      return read(principalOf(request).user, () => handler.call(this, request, reply))
    }
  }
}
