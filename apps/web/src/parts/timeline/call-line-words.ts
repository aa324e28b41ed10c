/** What the line of a call says to the person who reads it. */
import type { TimelineCall } from '@parley/sdk/api'

export interface CallLineContext {
  readonly me: string
  readonly direct: boolean
  /** Whether the call is known to go on, and whether anybody answered it yet. */
  readonly going: 'no' | 'ringing' | 'answered'
}

type LengthKey = 'outgoing' | 'incoming' | 'group'
export type CallLineKey =
  | LengthKey
  | `${LengthKey}Video`
  | 'going'
  | 'goingVideo'
  | 'ringing'
  | 'startedByMe'
  | 'startedBy'
  | 'missedBy'
  | 'missedBusy'
  | 'missedGroup'
  | 'refusedByMe'
  | 'noAnswer'
  | 'refused'
  | 'busy'
  | 'cancelled'

export interface CallLineWords {
  /** Of the catalogue `callAround`, below `line`. */
  readonly key: CallLineKey
  readonly icon: 'going' | 'over' | 'missed' | 'refused'
  /** What the button does. */
  readonly action: 'join' | 'back' | 'again' | null
  /** Whether the people who were in it are named. */
  readonly people: boolean
}

export function callLineWords(
  { from, media, end }: Pick<TimelineCall, 'from' | 'media' | 'end'>,
  { me, direct, going }: CallLineContext,
): CallLineWords {
  const mine = from === me
  // The log's word: a call that it says is over is over, whatever was heard last.
  if (end === undefined) {
    if (going === 'no')
      return { key: mine ? 'startedByMe' : 'startedBy', icon: 'over', action: null, people: !direct }
    const rings = direct && mine && going === 'ringing'
    const key = rings ? 'ringing' : media === 'video' ? 'goingVideo' : 'going'
    return { key, icon: 'going', action: 'join', people: !direct }
  }
  if (end.reason === 'completed') {
    const way = direct ? (mine ? 'outgoing' : 'incoming') : 'group'
    return { key: media === 'video' ? `${way}Video` : way, icon: 'over', action: null, people: !direct }
  }
  return mine ? unansweredMine(end.reason, direct) : unanswered(end.reason, direct)
}

type Unanswered = Exclude<NonNullable<TimelineCall['end']>['reason'], 'completed'>

function unansweredMine(reason: Unanswered, direct: boolean): CallLineWords {
  const key =
    reason === 'missed'
      ? 'noAnswer'
      : reason === 'declined' && direct
        ? 'refused'
        : reason === 'busy' && direct
          ? 'busy'
          : reason === 'cancelled'
            ? 'cancelled'
            : 'noAnswer'
  return { key, icon: 'refused', action: 'again', people: false }
}

function unanswered(reason: Unanswered, direct: boolean): CallLineWords {
  // In a group it may have rung for others only.
  if (!direct) return { key: 'missedGroup', icon: 'missed', action: 'back', people: false }
  if (reason === 'declined') return { key: 'refusedByMe', icon: 'refused', action: 'back', people: false }
  return { key: reason === 'busy' ? 'missedBusy' : 'missedBy', icon: 'missed', action: 'back', people: false }
}

export type LengthWords =
  | { readonly key: 'seconds'; readonly count: number }
  | { readonly key: 'minutes'; readonly minutes: number }
  | { readonly key: 'hours'; readonly hours: number; readonly minutes: number }

/** 45 seconds, 12 min, 1 h 5 min; a minute that has begun does not count. */
export function lengthWords(ms: number): LengthWords {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return { key: 'seconds', count: seconds }
  if (minutes < 60) return { key: 'minutes', minutes }
  return { key: 'hours', hours: Math.floor(minutes / 60), minutes: minutes % 60 }
}
