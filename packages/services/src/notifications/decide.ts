/** The one rule of who is told what. Pure: everything it goes by is in its argument. */
import type { NotifyLevel, PresenceState } from '@parley/protocol'
import { RING_MS } from '@parley/protocol/calls'
import type { CandidateKind } from './find-candidates.ts'

/**
 * Who is connected has this long, from the moment of the entry, to say that it arrived or was read. Longer than a
 * client on a slow line takes, and short enough that somebody behind a half-open socket is still told in time.
 */
export const REACH_WAIT_MS = 3_000

export interface Circumstances {
  /** Why this person might be told; null when nothing in the entry is about them. */
  readonly kind: CandidateKind | null
  /** They did it themselves. */
  readonly own: boolean
  /** Now, not when it was said. */
  readonly member: boolean
  /** Their setting of the room. */
  readonly level: NotifyLevel
  /** Their watermarks cover the entry. */
  readonly read: boolean
  readonly delivered: boolean
  /** `online`: a device is being looked at. `away`: connected, nobody looks. */
  readonly presence: PresenceState
  /** Since the entry was made. */
  readonly ageMs: number
  /** They asked not to be disturbed, or these are their quiet hours. */
  readonly quiet: boolean
}

/**
 * `nothing`; `wait`: ask again once the entry is `REACH_WAIT_MS` old; `inbox`: an item, in silence; `alert`: an item
 * that may draw attention at once. `alert` of a call that rings: the devices ring.
 */
export type Decision = 'nothing' | 'wait' | 'inbox' | 'alert'

/** Kinds that are worth finding again later, even if they were on the screen for a moment. */
const LASTING: ReadonlySet<CandidateKind> = new Set(['mention', 'reply', 'added', 'call'])

export function decide(about: Circumstances): Decision {
  const { kind, level } = about
  if (kind === null || about.own || !about.member || about.read) return 'nothing'
  if (level === 'none' || (level === 'mentions' && kind === 'message')) return 'nothing'
  if (kind === 'ring') return decideRing(about)
  if (about.presence !== 'offline' && about.ageMs < REACH_WAIT_MS) return 'wait'
  // It arrived in front of somebody's eyes, and the room's unread count goes on saying so.
  if (about.delivered && about.presence === 'online' && !LASTING.has(kind)) return 'nothing'
  // Being left in peace is about noise: the inbox has everything all the same.
  return about.quiet ? 'inbox' : 'alert'
}

/** Devices that are connected ring by themselves; where one of them is looked at the others stay still. */
function decideRing({ presence, delivered, ageMs, quiet }: Circumstances): Decision {
  if (quiet || ageMs >= RING_MS) return 'nothing'
  if (presence !== 'online') return 'alert'
  if (delivered) return 'nothing'
  return ageMs < REACH_WAIT_MS ? 'wait' : 'alert'
}
