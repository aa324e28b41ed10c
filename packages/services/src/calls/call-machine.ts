/**
 * What becomes of a call, as a pure function of what happens to it. Whoever runs it takes the room's call under a lock,
 * advances it, stores it together with the lines for the room's log, and sends the signals afterwards. An event that
 * says nothing new (doubled, late, from an endpoint that is no longer in it) changes nothing.
 *
 * A room has at most one call that is not over. Who starts a call where there is one joins it: so two who call each
 * other at the same moment (glare) are in one call.
 */

import { type CallMedia, RING_MS, type Standing } from '@parley/protocol/calls'
import { firstTransport, makeRoom, moveCall, type SfuPlace, type Transport } from './carry-call.ts'

/** Whose connection was lost has this long to come back: a reload, another network, a gateway's restart. */
export const GRACE_MS = 20_000

/**
 * `ringing`: asked, and did not answer yet. `joined`: at exactly one endpoint. `left`, `declined`, `busy` and `missed` are
 * out of it; in a group they may join as long as it lasts.
 */
export type { Standing }

export interface Participant {
  readonly standing: Standing
  /** Where it is joined. */
  readonly endpoint?: string
  /** When it joined this time; milliseconds. */
  readonly joinedAt?: number
  /** Since when the connection there is lost. */
  readonly lostAt?: number
  /** The mesh had as many with pictures as it bears. */
  readonly soundOnly?: true
}

/** Why a call is over. All but `completed` mean that nobody answered. */
export type EndReason = 'completed' | 'missed' | 'declined' | 'busy' | 'cancelled'

export interface Call {
  readonly id: string
  readonly room: string
  /** Grows with every change. */
  readonly version: number
  readonly media: CallMedia
  readonly transport: Transport
  /** Between two people: it ends when one of them is out of it. */
  readonly direct: boolean
  readonly startedBy: string
  readonly startedAt: number
  /** When there were two in it for the first time. */
  readonly answeredAt?: number
  readonly ended?: { readonly at: number; readonly reason: EndReason }
  readonly participants: Readonly<Record<string, Participant>>
}

export type CallEvent =
  /** An answer, a late joining, a coming back after a lost connection, or the same person's other device taking over. */
  | {
      readonly type: 'join'
      readonly user: string
      readonly endpoint: string
      readonly at: number
      /** Where the call goes if the mesh cannot bear one more. */
      readonly sfu?: SfuPlace | null
    }
  | { readonly type: 'decline'; readonly user: string; readonly at: number }
  | { readonly type: 'leave'; readonly user: string; readonly endpoint: string; readonly at: number }
  | { readonly type: 'lose'; readonly user: string; readonly endpoint: string; readonly at: number }
  /** No longer a member of the room, or without the right to call. */
  | { readonly type: 'remove'; readonly user: string; readonly at: number }
  | { readonly type: 'end'; readonly at: number }
  /** The media server of this generation is away: to another one or, where there is none, back to the mesh if that bears it. */
  | {
      readonly type: 'move'
      readonly generation: number
      readonly sfu: SfuPlace | null
      readonly at: number
    }
  /** Time went by. */
  | { readonly type: 'tick'; readonly at: number }

/**
 * A line of the room's log. A call has one `started` and, as its last one, either `ended` or `missed`. `rung`: in `started`
 * for whom it rings. In the others who was asked and neither came nor declined; each of them once.
 */
export type CallLine =
  | ({ readonly line: 'started'; readonly user: string } & Rung)
  /** It has rung for as long as it does, and goes on without them. */
  | ({ readonly line: 'unanswered' } & Rung)
  | { readonly line: 'joined'; readonly user: string }
  | { readonly line: 'left'; readonly user: string; readonly durationMs: number }
  | ({ readonly line: 'ended'; readonly durationMs: number } & Rung)
  | ({ readonly line: 'missed'; readonly reason: Exclude<EndReason, 'completed'> } & Rung)

interface Rung {
  readonly media: CallMedia
  readonly rung: readonly string[]
}

/** What devices are told. `silence` ends the ringing on all devices of the user; `dismiss` takes one out. */
export type CallSignal =
  | { readonly signal: 'ring'; readonly user: string }
  | { readonly signal: 'silence'; readonly user: string; readonly why: Standing | 'ended' }
  | { readonly signal: 'dismiss'; readonly user: string; readonly endpoint: string }
  /** To everybody in the room: who is in the call now, or that it is over. */
  | { readonly signal: 'state' }

export interface CallStep {
  readonly call: Call
  readonly lines: readonly CallLine[]
  readonly signals: readonly CallSignal[]
  /** Of a joining: the mesh bears nobody more, and there is no media server. */
  readonly full?: true
}

export interface CallStart {
  readonly id: string
  readonly room: string
  readonly media: CallMedia
  readonly direct: boolean
  readonly user: string
  readonly endpoint: string
  readonly at: number
  /** Whom it rings for, the starter not among them; exactly one where it is direct. */
  readonly others: readonly string[]
  /** Those of them who are in another call. */
  readonly busy: ReadonlySet<string>
  /** Members of the room. More than the mesh bears begin on a media server. */
  readonly size: number
  /** Null where there is none. */
  readonly sfu: SfuPlace | null
}

export function startCall(start: CallStart): CallStep {
  const { id, room, media, direct, user, endpoint, at, others, busy, size, sfu } = start
  const asked = others.map((other): [string, Participant] => [
    other,
    { standing: busy.has(other) ? 'busy' : 'ringing' },
  ])
  const call: Call = {
    id,
    room,
    version: 1,
    media,
    transport: firstTransport(media, size, sfu),
    direct,
    startedBy: user,
    startedAt: at,
    participants: { ...Object.fromEntries(asked), [user]: { standing: 'joined', endpoint, joinedAt: at } },
  }
  const ringing = asked.filter(([, { standing }]) => standing === 'ringing')
  const step: CallStep = {
    call,
    lines: [
      { line: 'started', user, media, rung: ringing.map(([other]) => other) },
      { line: 'joined', user },
    ],
    signals: [
      ...ringing.map(([other]): CallSignal => ({ signal: 'ring', user: other })),
      { signal: 'state' },
    ],
  }
  return settle(step, at)
}

export function advanceCall(call: Call, event: CallEvent): CallStep {
  if (call.ended !== undefined) return nothing(call)
  const step = advance(call, event)
  return step.call === call ? step : { ...step, call: { ...step.call, version: call.version + 1 } }
}

function advance(call: Call, event: CallEvent): CallStep {
  if (event.type === 'tick') return settle(passTime(call, event.at), event.at)
  if (event.type === 'end') return over(nothing(call), event.at, endReason(call, 'cancelled'))
  if (event.type === 'move') {
    const moved = moveCall(call, event.generation, event.sfu)
    return moved === call ? nothing(call) : { ...nothing(moved), signals: [{ signal: 'state' }] }
  }
  return settle(act(call, event), event.at)
}

/** When time alone will change something; undefined where it will not. */
export function nextTick(call: Call): number | undefined {
  if (call.ended !== undefined) return undefined
  const times = Object.values(call.participants).flatMap((one) => [
    ...(isAsked(one) ? [call.startedAt + RING_MS] : []),
    ...(one.lostAt === undefined ? [] : [one.lostAt + GRACE_MS]),
  ])
  return times.length === 0 ? undefined : Math.min(...times)
}

function act(call: Call, event: Exclude<CallEvent, { type: 'tick' | 'end' | 'move' }>): CallStep {
  const before = call.participants[event.user]
  switch (event.type) {
    case 'join':
      return join(call, before, event)
    case 'decline':
      return before?.standing === 'ringing' ? stand(call, event.user, 'declined') : nothing(call)
    case 'leave':
      return before?.standing === 'joined' && before.endpoint === event.endpoint
        ? depart(call, event.user, before, event.at)
        : nothing(call)
    case 'lose':
      return before?.standing === 'joined' &&
        before.endpoint === event.endpoint &&
        before.lostAt === undefined
        ? {
            ...nothing(put(call, event.user, { ...before, lostAt: event.at })),
            signals: [{ signal: 'state' }],
          }
        : nothing(call)
    case 'remove':
      return remove(call, before, event)
  }
}

function join(
  call: Call,
  before: Participant | undefined,
  { user, endpoint, at, sfu = null }: Extract<CallEvent, { type: 'join' }>,
): CallStep {
  if (before?.standing === 'joined') {
    if (before.endpoint === endpoint && before.lostAt === undefined) return nothing(call)
    // Still the same stay, on another endpoint or after a lost connection.
    const { lostAt: _, ...rest } = before
    const moved = before.endpoint !== endpoint && before.endpoint !== undefined
    return {
      call: put(call, user, { ...rest, endpoint }),
      lines: [],
      signals: [
        ...(moved ? [{ signal: 'dismiss', user, endpoint: before.endpoint } as const] : []),
        { signal: 'state' },
      ],
    }
  }
  const room = makeRoom(call, sfu)
  if (room === 'full') return { ...nothing(call), full: true }
  const joined = put(room.call, user, {
    standing: 'joined',
    endpoint,
    joinedAt: at,
    ...(room.soundOnly ? { soundOnly: true } : {}),
  })
  const answered = joined.answeredAt === undefined && present(joined).length > 1
  return {
    call: answered ? { ...joined, answeredAt: at } : joined,
    lines: [{ line: 'joined', user }],
    signals: [
      ...(before?.standing === 'ringing' ? [{ signal: 'silence', user, why: 'joined' } as const] : []),
      { signal: 'state' },
    ],
  }
}

/** Out of it on all devices, and nobody rings for them. */
function remove(
  call: Call,
  before: Participant | undefined,
  { user, at }: Extract<CallEvent, { type: 'remove' }>,
): CallStep {
  if (before?.standing === 'ringing') return stand(call, user, 'left')
  if (before?.standing !== 'joined' || before.endpoint === undefined) return nothing(call)
  const step = depart(call, user, before, at)
  return { ...step, signals: [{ signal: 'dismiss', user, endpoint: before.endpoint }, ...step.signals] }
}

function depart(call: Call, user: string, { joinedAt = 0 }: Participant, at: number): CallStep {
  return {
    call: put(call, user, { standing: 'left' }),
    lines: [{ line: 'left', user, durationMs: Math.max(0, at - joinedAt) }],
    signals: [{ signal: 'state' }],
  }
}

/** Somebody it rang for does not come. */
function stand(call: Call, user: string, standing: Exclude<Standing, 'ringing' | 'joined'>): CallStep {
  return {
    call: put(call, user, { standing }),
    lines: [],
    signals: [{ signal: 'silence', user, why: standing }, { signal: 'state' }],
  }
}

/** Asked, and neither answered nor declined, in this call's time to ring. */
const isAsked = ({ standing }: Participant): boolean => standing === 'ringing' || standing === 'busy'

function passTime(call: Call, at: number): CallStep {
  const { media } = call
  const rung = at >= call.startedAt + RING_MS ? unanswered(call) : []
  let step: CallStep =
    rung.length === 0 ? nothing(call) : { ...nothing(call), lines: [{ line: 'unanswered', media, rung }] }
  for (const user of rung) step = follow(step, stand(step.call, user, 'missed'))
  for (const [user, one] of Object.entries(call.participants)) {
    if (one.lostAt !== undefined && at >= one.lostAt + GRACE_MS)
      // They were gone when the connection was.
      step = follow(step, depart(step.call, user, one, one.lostAt))
  }
  return step
}

/** Ends what cannot go on: nobody is in it, or one of two is out of it. */
function settle(step: CallStep, at: number): CallStep {
  const { call } = step
  const others = Object.entries(call.participants).filter(([user]) => user !== call.startedBy)
  const inIt = present(call)
  const waitsForOther = others.some(([, { standing }]) => standing === 'ringing')
  if (inIt.length === 0) return over(step, at, endReason(call, 'cancelled'))
  if (!call.direct || inIt.length > 1 || (waitsForOther && inIt.includes(call.startedBy))) return step
  const [other] = others
  const standing = other?.[1].standing
  const refused =
    standing === 'declined' || standing === 'busy' || standing === 'missed' ? standing : 'cancelled'
  return over(step, at, endReason(call, refused))
}

const endReason = (call: Call, otherwise: EndReason): EndReason =>
  call.answeredAt === undefined ? otherwise : 'completed'

function over(step: CallStep, at: number, reason: EndReason): CallStep {
  const { media } = step.call
  // Whom the last line names no other one names.
  const before = step.lines.flatMap((line) => (line.line === 'unanswered' ? line.rung : []))
  const rung = [...before, ...unanswered(step.call)]
  let last: CallStep = { ...step, lines: step.lines.filter(({ line }) => line !== 'unanswered') }
  for (const [user, one] of Object.entries(step.call.participants)) {
    if (one.standing === 'joined') {
      const left = depart(last.call, user, one, at)
      const dismiss = { signal: 'dismiss', user, endpoint: one.endpoint ?? '' } as const
      last = follow(last, { ...left, signals: [dismiss] })
    }
    if (one.standing === 'ringing')
      last = follow(last, {
        call: put(last.call, user, { standing: 'missed' }),
        lines: [],
        signals: [{ signal: 'silence', user, why: 'ended' }],
      })
  }
  const { answeredAt } = step.call
  const line: CallLine =
    reason === 'completed'
      ? { line: 'ended', durationMs: Math.max(0, at - (answeredAt ?? at)), media, rung }
      : { line: 'missed', reason, media, rung }
  return follow(last, {
    call: { ...last.call, ended: { at, reason } },
    lines: [line],
    signals: [{ signal: 'state' }],
  })
}

const nothing = (call: Call): CallStep => ({ call, lines: [], signals: [] })

const put = (call: Call, user: string, participant: Participant): Call => ({
  ...call,
  participants: { ...call.participants, [user]: participant },
})

export const present = (call: Call): string[] =>
  Object.entries(call.participants).flatMap(([user, { standing }]) => (standing === 'joined' ? [user] : []))

const unanswered = (call: Call): string[] =>
  Object.entries(call.participants).flatMap(([user, one]) => (isAsked(one) ? [user] : []))

const follow = (first: CallStep, then: CallStep): CallStep => ({
  call: then.call,
  lines: [...first.lines, ...then.lines],
  signals: [...first.signals, ...then.signals],
})
