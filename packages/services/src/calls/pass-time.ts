/** What happens to calls when nobody in them does anything: ringing ends, who is not heard of is lost, who was removed is out. */
import { MEMBER_MARKS_MAX } from '@parley/contracts'
import type { CallEvent } from './call-machine.ts'
import type { Transport } from './carry-call.ts'
import { choosePlace } from './choose-place.ts'
import type { Happen } from './create-calls-service.ts'
import type { CallsDependencies } from './dependencies.ts'

/** Three times it was not said: the gateway died, or the browser was put to sleep. */
export const SILENT_MS = 15_000
const LOOK_MAX = 200

/** One look; how many calls were advanced. */
export async function passTime(dependencies: CallsDependencies, happen: Happen): Promise<number> {
  const { database, clock } = dependencies
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
  const events: { readonly id: string; readonly event: CallEvent }[] = [
    ...(await findRemoved(dependencies, now)),
    ...(await findStranded(dependencies, now)),
    ...silent.map((one) => ({
      id: one.call_id,
      event: { type: 'lose', user: one.user_id, endpoint: one.endpoint, at: now } as const,
    })),
    ...due.map(({ id }) => ({ id, event: { type: 'tick', at: now } as const })),
  ]
  let advanced = 0
  for (const { id, event } of events) {
    const { signals } = await happen(id, event)
    if (signals.length > 0) advanced++
  }
  return advanced
}

/** Calls whose media server is away. */
async function findStranded(
  dependencies: CallsDependencies,
  at: number,
): Promise<{ id: string; event: CallEvent }[]> {
  const { database, placement } = dependencies
  if (placement.counts().configured === 0) return []
  const { rows } = await database.query<{ id: string; transport: Transport }>(
    `select id, call->'transport' as transport from calls.call
     where ended_at is null and call->'transport'->>'kind' = 'sfu'`,
    [],
    'calls.by-sfu',
  )
  return rows.flatMap(({ id, transport }) =>
    transport.kind === 'sfu' && !placement.isUp(transport.server)
      ? [
          {
            id,
            event: { type: 'move', generation: transport.generation, sfu: choosePlace(dependencies), at },
          },
        ]
      : [],
  )
}

/** Of those who are in a call, whoever is no member of its room any more. */
async function findRemoved(
  { database, rooms }: CallsDependencies,
  at: number,
): Promise<{ id: string; event: CallEvent }[]> {
  const { rows } = await database.query<{ id: string; room: string; user: string }>(
    `select c.id, c.room_id as room, p.key as user from calls.call c, jsonb_each(c.call->'participants') p
     where c.ended_at is null and p.value->>'standing' in ('ringing', 'joined')`,
    [],
    'calls.people',
  )
  const removed: { id: string; event: CallEvent }[] = []
  for (let from = 0; from < rows.length; from += MEMBER_MARKS_MAX) {
    const some = rows.slice(from, from + MEMBER_MARKS_MAX)
    const { marks } = await rooms.memberMarks({ members: some.map(({ user, room }) => ({ user, room })) })
    const members = new Set(marks.map(({ user, room }) => `${user} ${room}`))
    for (const { id, room, user } of some)
      if (!members.has(`${user} ${room}`)) removed.push({ id, event: { type: 'remove', user, at } })
  }
  return removed
}
