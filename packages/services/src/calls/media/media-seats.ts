/**
 * The seats of people in calls on media servers: made when a browser publishes, looked after by the process that their
 * call's requests reach, ended when the call says that they are no longer in it.
 */
import { type Bus, type Clock, type Database, type Log, MediaSeatGone, type NewId } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { MediaAsk } from '@parley/protocol/calls'
import { repeat } from '../../shared/repeat.ts'
import type { Call } from '../call-machine.ts'
import type { HeldSeat } from './held-seat.ts'
import type { MediaPlacement } from './media-placement.ts'
import { openSeat, originOf } from './open-seat.ts'
import { createSeatDesk } from './seat-desk.ts'
import { createSeatRows } from './seat-rows.ts'
import { settleCall, whereJoined } from './settle-call.ts'
import { createTurns, type Turns } from './turns.ts'

/** Between two looks whether there is something to take over; `here` comes more often. */
const ADOPT_INTERVAL_MS = 4_000
/** For what a dead process left, and what could not be reached. */
const SWEEP_INTERVAL_MS = 30_000

export interface MediaSeatsDependencies {
  readonly database: Database
  readonly bus: Bus
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  readonly placement: MediaPlacement
  /** `not_found` for one that there is not. */
  readonly readCall: (id: string) => Promise<Call>
}

export interface MediaQuestion {
  readonly user: string
  readonly endpoint: string
  readonly call: string
  readonly generation: number
  readonly ask: MediaAsk
}

export interface MediaSeats {
  /** `conflict` when one is not in the call, or it travels otherwise; `unavailable` when the server is away. */
  ask(question: MediaQuestion): Promise<{ sdp?: string }>
  /** This process looks after the seats of the call. Cheap to repeat; never throws. */
  adopt(call: Call): void
  /** Ends what the call as it is now does not need. Never throws. */
  settle(call: Call): void
  /** Ends what nobody settled: the step was stored by a process that died then, or the server was away. Never throws. */
  sweep(): Promise<void>
  /** Connections live on, for other processes. */
  close(): Promise<void>
}

export function createMediaSeats(dependencies: MediaSeatsDependencies): MediaSeats {
  const { clock, log, placement, readCall, newId } = dependencies
  const holder = newId()
  const rows = createSeatRows(dependencies.database, holder)
  const desk = createSeatDesk({ ...dependencies, rows, holder })
  const parts = { rows, desk, placement, log, newId }
  const inTurn = createKeyedTurns()
  const lookedAt = new Map<string, number>()
  let firstSweep = true
  const sweeping = repeat(clock, async () => {
    if (!firstSweep && placement.counts().configured > 0) await sweep()
    firstSweep = false
    return SWEEP_INTERVAL_MS
  })
  sweeping.start()

  async function find(question: MediaQuestion): Promise<HeldSeat | undefined> {
    const { call, user, endpoint, generation } = question
    if (desk.find(call, user) === undefined) await desk.takeOver(call, generation)
    const seat = desk.find(call, user)
    return seat?.key.endpoint === endpoint && seat.key.generation === generation ? seat : undefined
  }

  async function publish(
    question: MediaQuestion,
    { sdp, tracks }: Extract<MediaAsk, { do: 'publish' }>,
  ): Promise<{ sdp?: string }> {
    const call = await readCall(question.call)
    const place = assertIn(call, question)
    const before = await find(question)
    const { ask: _, ...key } = question
    const answer =
      before?.stored.origin === originOf(sdp)
        ? await before.publish(sdp, tracks)
        : await openSeat(parts, {
            key,
            place,
            sdp,
            tracks,
            expected: key.generation === 1 ? 0 : whereJoined(call).length - 1,
            stillIn: async () => assertIn(await readCall(key.call), question),
          })
    return answer === undefined ? {} : { sdp: answer }
  }

  async function ask(question: MediaQuestion): Promise<{ sdp?: string }> {
    const { ask: asked, ...key } = question
    if (asked.do === 'publish') return publish(question, asked)
    assertIn(await readCall(question.call), question)
    const seat = await find(question)
    if (seat !== undefined) await serve(seat, asked)
    // Candidates may overtake the offer that they belong to; the server finds the way without them.
    else if (asked.do !== 'candidates') desk.tell(key, { told: 'gone' })
    return {}
  }

  async function sweep(): Promise<void> {
    try {
      for (const id of await rows.callsWithMedia()) await settleCall(parts, await readCall(id))
    } catch (error) {
      log.debug({ error: String(error) }, 'calls on media servers were not swept')
    }
  }

  return {
    ask: (question) => inTurn(`${question.call} ${question.user}`, () => ask(question)),
    adopt(call) {
      const { id, transport } = call
      if (transport.kind !== 'sfu' || call.ended !== undefined) return
      if (whereJoined(call).every(({ user }) => desk.find(id, user) !== undefined)) return
      const now = clock.now()
      for (const [other, at] of lookedAt) if (at <= now - ADOPT_INTERVAL_MS) lookedAt.delete(other)
      if (lookedAt.has(id)) return
      lookedAt.set(id, now)
      desk.work('taking over', id, () => desk.takeOver(id, transport.generation))
    },
    settle(call) {
      // Never on a media server.
      if (call.transport.kind === 'mesh' && call.transport.generation === 1) return
      desk.work('settling', call.id, () => inTurn(call.id, () => settleCall(parts, call)))
    },
    sweep,
    async close() {
      await sweeping.close()
      await desk.close()
    },
  }
}

/** Throws `conflict`; the place where the call is. */
function assertIn(call: Call, { user, endpoint, generation }: MediaQuestion) {
  const { transport, participants, ended } = call
  const one = participants[user]
  if (ended !== undefined || one?.standing !== 'joined' || one.endpoint !== endpoint)
    throw new ParleyError('conflict', { message: 'You are not in this call any more.' })
  if (transport.kind !== 'sfu' || transport.generation !== generation)
    throw new ParleyError('conflict', { message: 'This call has moved.' })
  const { server, room, secret } = transport
  return { server, room, secret }
}

async function serve(seat: HeldSeat, asked: Exclude<MediaAsk, { do: 'publish' }>): Promise<void> {
  try {
    if (asked.do === 'answer') await seat.answer(asked.sdp, asked.offer)
    else if (asked.do === 'candidates') await seat.addCandidates(asked.way, asked.candidates)
    else if (asked.do === 'layers') await seat.setLayers(asked.layers)
    else await seat.restart()
  } catch (error) {
    // It has been told so.
    if (!(error instanceof MediaSeatGone)) throw error
  }
}

/** What belongs to one key is done in turn. */
function createKeyedTurns(): <Result>(key: string, work: () => Promise<Result>) => Promise<Result> {
  const turns = new Map<string, { readonly turn: Turns; waiting: number }>()
  return (key, work) => {
    const mine = turns.get(key) ?? { turn: createTurns(), waiting: 0 }
    turns.set(key, mine)
    mine.waiting++
    return mine.turn(work).finally(() => {
      if (--mine.waiting === 0) turns.delete(key)
    })
  }
}
