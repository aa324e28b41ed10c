/** What happens to calls when nobody does anything: ringing ends, and who is not heard of is lost. */
import { announceCall } from './announce-call.ts'
import type { CallsDependencies } from './dependencies.ts'
import { advance } from './keep-call.ts'

/** Three times it was not said: the gateway died, or the browser was put to sleep. */
export const SILENT_MS = 15_000
const LOOK_MAX = 200

/** One look; how many calls were advanced. */
export async function passTime(dependencies: CallsDependencies): Promise<number> {
  const { database, bus, clock } = dependencies
  const now = clock.now()
  const { rows: silent } = await database.query<{ call_id: string; user_id: string; endpoint: string }>(
    `select call_id, user_id, endpoint from calls.presence where seen_at < $1 order by seen_at limit ${LOOK_MAX}`,
    [new Date(now - SILENT_MS)],
    'calls.silent',
  )
  const { rows: due } = await database.query<{ id: string }>(
    `select id from calls.call where due_at <= $1 order by due_at limit ${LOOK_MAX}`,
    [new Date(now)],
    'calls.due',
  )
  const events = [
    ...silent.map((one) => ({
      id: one.call_id,
      event: { type: 'lose', user: one.user_id, endpoint: one.endpoint, at: now } as const,
    })),
    ...due.map(({ id }) => ({ id, event: { type: 'tick', at: now } as const })),
  ]
  let advanced = 0
  for (const { id, event } of events) {
    const { call, signals } = await advance(dependencies, id, event)
    if (signals.length > 0) advanced++
    announceCall(bus, call, signals)
  }
  return advanced
}
