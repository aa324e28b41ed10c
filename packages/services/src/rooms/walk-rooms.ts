/**
 * Goes through all rooms in the order of their ids, some seconds a night, in short commits with rests between them: how
 * the jobs of the scheduler work on the log. A call ends after about a second and says where the next one begins.
 */
import type { CallContext, Clock } from '@parley/contracts'

/** Entries one commit looks at: some tens of milliseconds. */
const BATCH_MAX_ENTRIES = 500
/** Rooms that share a batch: many small rooms must not cost a commit each. */
const BATCH_MAX_ROOMS = 50
/** Rooms looked at at once, an index probe or two each. */
export const PAGE_MAX_ROOMS = 1_000
/** A call answers well before its caller's deadline of 10 s; the caller goes on from the cursor. */
const CALL_MAX_MS = 1_000
/** Rests twice as long as the last batch took, so that at most a third of what the database can do goes into this. */
const REST_PER_BATCH = 2
const REST_MAX_MS = 500

export interface Walk<Span> {
  /** A room's id: the walk begins behind it. */
  readonly after: string | undefined
  readonly signal: CallContext['signal'] | undefined
  /** Those of the next `PAGE_MAX_ROOMS` that have something to do, by id; `last` when there may be further ones. */
  readonly page: (
    after: string,
  ) => Promise<{ readonly due: readonly Span[]; readonly last: string | undefined }>
  /** One commit, with at most so many entries of each; answers those that have more, in order. */
  readonly batch: (spans: readonly Span[], limitEach: number) => Promise<readonly Span[]>
}

/** `rooms`: how many were finished. */
export async function walkRooms<Span extends { readonly room: string }>(
  clock: Clock,
  { after = '', signal, page, batch }: Walk<Span>,
): Promise<{ rooms: number; next?: string }> {
  const startedAt = clock.now()
  const isOver = () => clock.now() - startedAt >= CALL_MAX_MS || signal?.aborted === true
  let rooms = 0
  let place = after
  for (;;) {
    const { due, last } = await page(place)
    let waiting: readonly Span[] = due
    while (waiting.length > 0) {
      const batchAt = clock.now()
      const some = waiting.slice(0, BATCH_MAX_ROOMS)
      const unfinished = await batch(some, Math.ceil(BATCH_MAX_ENTRIES / some.length))
      waiting = [...unfinished, ...waiting.slice(BATCH_MAX_ROOMS)]
      // Rooms come in order, so all before the first that waits are done.
      if (waiting[0] !== undefined && isOver())
        return { rooms: rooms + due.length - waiting.length, next: roomBefore(waiting[0], due) ?? place }
      await rest(clock, Math.min(REST_MAX_MS, REST_PER_BATCH * (clock.now() - batchAt)))
    }
    rooms += due.length
    if (last === undefined) return { rooms }
    place = last
    if (isOver()) return { rooms, next: place }
  }
}

function roomBefore(first: { readonly room: string }, due: readonly { readonly room: string }[]) {
  return due[due.findIndex(({ room }) => room === first.room) - 1]?.room
}

function rest(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}
