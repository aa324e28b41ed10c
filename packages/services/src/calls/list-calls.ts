/** Calls of somebody's rooms that are not over. */
import type { callsContract, InputOf } from '@parley/contracts'
import type { CallShape } from '@parley/protocol/calls'
import { toShape } from './announce-call.ts'
import type { Call } from './call-machine.ts'
import type { CallsDependencies } from './dependencies.ts'

export async function listCalls(
  { database }: CallsDependencies,
  { rooms }: InputOf<typeof callsContract, 'listCalls'>,
): Promise<{ calls: CallShape[] }> {
  const { rows } = await database.query<{ call: Call }>(
    'select call from calls.call where ended_at is null and room_id = any($1) order by id',
    [rooms],
    'calls.list',
  )
  return { calls: rows.map(({ call }) => toShape(call)) }
}
