/** What one browser says to another one in the same call: passed on unread. */
import { type callsContract, type InputOf, type UserEvent, userTopic } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { CallsDependencies } from './dependencies.ts'
import { readCall } from './keep-call.ts'

export async function relaySignal(
  { database, bus }: CallsDependencies,
  { user, endpoint, call: id, to, data }: InputOf<typeof callsContract, 'relaySignal'>,
): Promise<Record<never, never>> {
  const { participants, ended } = await readCall(database, id)
  const [sender, receiver] = [participants[user], participants[to]]
  if (ended !== undefined || sender?.standing !== 'joined' || sender.endpoint !== endpoint)
    throw new ParleyError('conflict', { message: 'You are not in this call any more.' })
  if (receiver?.standing !== 'joined' || receiver.endpoint === undefined) throw new ParleyError('not_found')
  const event: UserEvent = {
    type: 'call',
    event: 'signal',
    id,
    from: user,
    endpoint: receiver.endpoint,
    data,
  }
  bus.publish(userTopic(to), JSON.stringify(event))
  return {}
}
