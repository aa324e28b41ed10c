/** Who is in a call says so every few seconds, and is told how it stands. */
import type { CallsService, callsContract, InputOf } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { CallShape } from '@parley/protocol/calls'
import { toShape } from './announce-call.ts'
import type { Call } from './call-machine.ts'
import type { Happen } from './create-calls-service.ts'
import type { CallsDependencies } from './dependencies.ts'
import { readCall } from './keep-call.ts'

export function createSayHere(
  { database, clock }: CallsDependencies,
  happen: Happen,
  /** Its media, too, are looked after by this process from now on. */
  adopt: (call: Call) => void,
): CallsService['sayHere'] {
  return async ({
    user,
    endpoint,
    call: id,
  }: InputOf<typeof callsContract, 'sayHere'>): Promise<{ call: CallShape }> => {
    const now = clock.now()
    const { rowCount } = await database.query(
      'update calls.presence set seen_at = $4 where call_id = $1 and user_id = $2 and endpoint = $3',
      [id, user, endpoint, new Date(now)],
      'calls.say-here',
    )
    if (rowCount === 0) throw new ParleyError('conflict', { message: 'You are not in this call any more.' })
    const call = await readCall(database, id)
    adopt(call)
    if (call.participants[user]?.lostAt === undefined) return { call: toShape(call) }
    // It had been taken for lost.
    const back = await happen(id, { type: 'join', user, endpoint, at: now })
    return { call: toShape(back.call) }
  }
}

/** The calls that somebody is in there: one at most. */
export async function findOfEndpoint(
  { database }: CallsDependencies,
  user: string,
  endpoint: string,
): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    'select call_id as id from calls.presence where user_id = $1 and endpoint = $2',
    [user, endpoint],
    'calls.of-endpoint',
  )
  return rows.map(({ id }) => id)
}
