/** The calls service: its verbs behind the contract, and the lifetimes of its background work. */
import type { CallsService } from '@parley/contracts'
import { type Repeated, repeat } from '../shared/repeat.ts'
import { announceCall } from './announce-call.ts'
import { appendLines } from './append-lines.ts'
import type { CallEvent, CallStep } from './call-machine.ts'
import { takePlace } from './choose-place.ts'
import type { CallsDependencies } from './dependencies.ts'
import { createJoinCall } from './join-call.ts'
import { advance, readCall } from './keep-call.ts'
import { listCalls } from './list-calls.ts'
import { createMediaSeats } from './media/media-seats.ts'
import { passTime } from './pass-time.ts'
import { relaySignal } from './relay-signal.ts'
import { createSayHere, findOfEndpoint } from './say-here.ts'

const LOOK_INTERVAL_MS = 1_000
const RETRY_INTERVAL_MS = 2_000

export interface RunningCallsService extends CallsService {
  /** Works until `close`. */
  start(): void
  /** One look at what happens when nobody does anything; how many calls it changed. */
  passTime(): Promise<number>
  close(): Promise<void>
}

/** Something happens to a call: it is stored, and then told. */
export type Happen = (id: string, event: CallEvent) => Promise<CallStep>

export function createCallsService(dependencies: CallsDependencies): RunningCallsService {
  const { bus, clock, placement, iceServers } = dependencies
  const seats = createMediaSeats({ ...dependencies, readCall: (id) => readCall(dependencies.database, id) })
  const lines = working(dependencies, 'calls are written down', () => appendLines(dependencies))
  const tell = (step: CallStep): void => {
    announceCall(bus, step.call, step.signals)
    seats.settle(step.call)
    if (step.lines.length > 0) lines.hurry()
  }
  const happen: Happen = async (id, event) => {
    const step = await advance(dependencies, id, event)
    if ('sfu' in event) takePlace(placement, step.call, event.sfu)
    tell(step)
    return step
  }
  const look = () => passTime(dependencies, happen)
  const time = working(dependencies, 'calls are looked after', look)

  return {
    ...createJoinCall(dependencies, happen, tell),
    async declineCall({ user, call }) {
      await happen(call, { type: 'decline', user, at: clock.now() })
      return {}
    },
    async leaveCall({ user, endpoint, call }) {
      await happen(call, { type: 'leave', user, endpoint, at: clock.now() })
      return {}
    },
    sayHere: createSayHere(dependencies, happen, (call) => seats.adopt(call)),
    relaySignal: (input) => relaySignal(dependencies, input),
    askMedia: (input) => seats.ask(input),
    async iceServers({ user }) {
      return { ice_servers: iceServers(user), media_servers: placement.counts() }
    },
    async loseEndpoint({ user, endpoint }) {
      for (const id of await findOfEndpoint(dependencies, user, endpoint))
        await happen(id, { type: 'lose', user, endpoint, at: clock.now() })
      return {}
    },
    listCalls: (input) => listCalls(dependencies, input),
    start() {
      placement.start(() => time.hurry())
      time.start()
      lines.start()
    },
    passTime: look,
    async close() {
      await Promise.all([time.close(), lines.close()])
      await seats.close()
      placement.close()
    },
  }
}

/** Again and again; what goes wrong is said once, and once that it is over. */
function working({ clock, log }: CallsDependencies, what: string, step: () => Promise<unknown>): Repeated {
  let inTrouble = false
  return repeat(clock, async () => {
    try {
      await step()
      if (inTrouble) log.info({}, `${what} again`)
      inTrouble = false
      return LOOK_INTERVAL_MS
    } catch (error) {
      if (!inTrouble) log.warn({ error: String(error) }, `it is not so that ${what}; trying again`)
      inTrouble = true
      return RETRY_INTERVAL_MS
    }
  })
}
