/** Starting a call and joining one: where the room has a call already, they are the same. */
import type { CallsService, callsContract, InputOf } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { type CallShape, MESH_MAX_USERS, RING_MAX_USERS } from '@parley/protocol/calls'
import { toShape } from './announce-call.ts'
import { type CallStep, startCall } from './call-machine.ts'
import { choosePlace, takePlace } from './choose-place.ts'
import type { Happen } from './create-calls-service.ts'
import type { CallsDependencies } from './dependencies.ts'
import { findBusy, findOpen, IN_ANOTHER_CALL, insertCall, readCall } from './keep-call.ts'

const FULL = `This call is full: without a media server ${MESH_MAX_USERS.sound} can take part.`

type Contract = typeof callsContract

export function createJoinCall(
  dependencies: CallsDependencies,
  happen: Happen,
  tell: (step: CallStep) => void,
): Pick<CallsService, 'startCall' | 'joinCall'> {
  const { database, rooms, clock, newId } = dependencies

  async function join({
    user,
    endpoint,
    call: id,
  }: InputOf<Contract, 'joinCall'>): Promise<{ call: CallShape }> {
    const { room } = await readCall(database, id)
    // Who was removed meanwhile is told so.
    await rooms.callRoom({ user, room })
    await assertFree(user, id)
    const sfu = choosePlace(dependencies)
    const { call, full } = await happen(id, { type: 'join', user, endpoint, at: clock.now(), sfu })
    if (call.ended !== undefined) throw new ParleyError('conflict', { message: 'This call is over.' })
    if (full === true) throw new ParleyError('conflict', { message: FULL, details: { reason: 'call_full' } })
    return { call: toShape(call) }
  }

  async function assertFree(user: string, call: string | null): Promise<void> {
    if ((await findBusy(database, [user], call)).size > 0)
      throw new ParleyError('conflict', { message: IN_ANOTHER_CALL })
  }

  return {
    joinCall: join,
    async startCall({ user, endpoint, room, media }) {
      const { direct, canStart, members } = await rooms.callRoom({ user, room })
      if (!canStart) throw new ParleyError('forbidden')
      const open = await findOpen(database, room)
      if (open !== undefined) return join({ user, endpoint, call: open })
      await assertFree(user, null)
      const others = members.length > RING_MAX_USERS ? [] : members.filter((member) => member !== user)
      const sfu = choosePlace(dependencies)
      const busy = await findBusy(database, others, null)
      const at = clock.now()
      const step = startCall({
        id: newId(),
        room,
        media,
        direct,
        user,
        endpoint,
        at,
        others,
        busy,
        size: members.length,
        sfu,
      })
      const { existing } = await insertCall(dependencies, step)
      // Somebody was faster: both called each other.
      if (existing !== undefined) return join({ user, endpoint, call: existing })
      takePlace(dependencies.placement, step.call, sfu)
      tell(step)
      return { call: toShape(step.call) }
    },
  }
}
