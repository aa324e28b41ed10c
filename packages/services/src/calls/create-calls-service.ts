/** The calls service: its verbs behind the contract, and the lifetimes of its background work. */
import {
  type CallsService,
  type callsContract,
  type InputOf,
  type UserEvent,
  userTopic,
} from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { type CallShape, RING_MAX_USERS } from '@parley/protocol/calls'
import { repeat } from '../shared/repeat.ts'
import { announceCall, toShape } from './announce-call.ts'
import { appendLines } from './append-lines.ts'
import { type CallEvent, type CallStep, startCall } from './call-machine.ts'
import type { CallsDependencies } from './dependencies.ts'
import { advance, findBusy, findOpen, insertCall, readCall } from './keep-call.ts'
import { passTime } from './pass-time.ts'

type Contract = typeof callsContract
const LOOK_INTERVAL_MS = 1_000
const RETRY_INTERVAL_MS = 2_000

export interface RunningCallsService extends CallsService {
  /** Works until `close`. */
  start(): void
  close(): Promise<void>
}

export function createCallsService(dependencies: CallsDependencies): RunningCallsService {
  const { database, bus, clock, newId, rooms, log } = dependencies
  const working = (what: string, step: () => Promise<unknown>) => {
    let inTrouble = false
    return repeat(clock, async () => {
      try {
        await step()
        if (inTrouble) log.info({}, `${what} again`)
        inTrouble = false
        return LOOK_INTERVAL_MS
      } catch (error) {
        if (!inTrouble) log.warn({ error: String(error) }, `not ${what}; trying again`)
        inTrouble = true
        return RETRY_INTERVAL_MS
      }
    })
  }
  const time = working('calls are looked after', () => passTime(dependencies))
  const lines = working('calls are written down', () => appendLines(dependencies))

  function tell({ call, signals, lines: written }: CallStep): void {
    announceCall(bus, call, signals)
    if (written.length > 0) lines.hurry()
  }

  async function happen(id: string, event: CallEvent): Promise<CallStep> {
    const step = await advance(dependencies, id, event)
    tell(step)
    return step
  }

  async function join({
    user,
    endpoint,
    call: id,
  }: InputOf<Contract, 'joinCall'>): Promise<{ call: CallShape }> {
    const { room } = await readCall(database, id)
    await rooms.callRoom({ user, room })
    await assertFree(user, id)
    const { call } = await happen(id, { type: 'join', user, endpoint, at: clock.now() })
    if (call.ended !== undefined) throw new ParleyError('conflict', { message: 'This call is over.' })
    return { call: toShape(call) }
  }

  async function assertFree(user: string, call: string | null): Promise<void> {
    if ((await findBusy(database, [user], call)).size > 0)
      throw new ParleyError('conflict', { message: 'You are in another call.' })
  }

  return {
    async startCall({ user, endpoint, room, media }) {
      const { direct, canStart, members } = await rooms.callRoom({ user, room })
      if (!canStart) throw new ParleyError('forbidden')
      const open = await findOpen(database, room)
      if (open !== undefined) return join({ user, endpoint, call: open })
      await assertFree(user, null)
      const others = members.length > RING_MAX_USERS ? [] : members.filter((member) => member !== user)
      const step = startCall({
        id: newId(),
        room,
        media,
        direct,
        user,
        endpoint,
        at: clock.now(),
        others,
        busy: await findBusy(database, others, null),
      })
      const { existing } = await insertCall(dependencies, step)
      // Somebody was faster: both called each other.
      if (existing !== undefined) return join({ user, endpoint, call: existing })
      tell(step)
      return { call: toShape(step.call) }
    },
    joinCall: join,
    async declineCall({ user, call }) {
      await happen(call, { type: 'decline', user, at: clock.now() })
      return {}
    },
    async leaveCall({ user, endpoint, call }) {
      await happen(call, { type: 'leave', user, endpoint, at: clock.now() })
      return {}
    },
    async sayHere({ user, endpoint, call: id }) {
      const { rowCount } = await database.query(
        'update calls.presence set seen_at = $4 where call_id = $1 and user_id = $2 and endpoint = $3',
        [id, user, endpoint, new Date(clock.now())],
        'calls.say-here',
      )
      if (rowCount === 0) throw new ParleyError('conflict', { message: 'You are not in this call any more.' })
      const call = await readCall(database, id)
      // Heard of again: what was taken for lost is not.
      if (call.participants[user]?.lostAt === undefined) return { call: toShape(call) }
      return { call: toShape((await happen(id, { type: 'join', user, endpoint, at: clock.now() })).call) }
    },
    async relaySignal({ user, endpoint, call: id, to, data }) {
      const { participants, ended } = await readCall(database, id)
      const [sender, receiver] = [participants[user], participants[to]]
      const joined = sender?.standing === 'joined' && sender.endpoint === endpoint && ended === undefined
      if (!joined) throw new ParleyError('conflict', { message: 'You are not in this call any more.' })
      if (receiver?.standing !== 'joined') throw new ParleyError('not_found')
      const event: UserEvent = {
        type: 'call',
        event: 'signal',
        id,
        from: user,
        endpoint: receiver.endpoint ?? '',
        data,
      }
      bus.publish(userTopic(to), JSON.stringify(event))
      return {}
    },
    async loseEndpoint({ user, endpoint }) {
      const { rows } = await database.query<{ id: string }>(
        'select call_id as id from calls.presence where user_id = $1 and endpoint = $2',
        [user, endpoint],
        'calls.of-endpoint',
      )
      for (const { id } of rows) await happen(id, { type: 'lose', user, endpoint, at: clock.now() })
      return {}
    },
    async listCalls({ user }) {
      const { rows } = await database.query<{ call: CallStep['call'] }>(
        `select call from calls.call where ended_at is null and call->'participants' ? $1`,
        [user],
        'calls.list',
      )
      return { calls: rows.map(({ call }) => toShape(call)) }
    },
    start() {
      time.start()
      lines.start()
    },
    async close() {
      await Promise.all([time.close(), lines.close()])
    },
  }
}
