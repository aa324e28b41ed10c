/** Whom the entries of a room may concern, and why. */
import type { OutputOf, roomsContract } from '@parley/contracts'
import type { Entry, NotificationKind } from '@parley/protocol'
import type { CallMedia } from '@parley/protocol/calls'

/** `ring`: a call rings for them; that makes no item of the inbox. */
export type CandidateKind = NotificationKind | 'ring'

export interface Candidate {
  readonly user: string
  readonly room: string
  readonly seq: number
  readonly kind: CandidateKind
  readonly from: string
  readonly at: number
  /** Of `ring` and `call`. */
  readonly media?: CallMedia
  /** Of `ring`, as it is read from the log. */
  readonly call?: string
}

/** At most one candidate each. */
export const placeOf = ({ user, room, seq }: Pick<Candidate, 'user' | 'room' | 'seq'>): string =>
  `${user} ${room} ${seq}`

export type Tellable = OutputOf<typeof roomsContract, 'listTellable'>

/** Of several reasons the nearest one. `listeners`: who wants everything of this room. */
export function findCandidates(
  tellable: Omit<Tellable, 'entries'> & { readonly entries: readonly Entry[] },
  listeners: readonly string[],
): Candidate[] {
  return tellable.entries.flatMap((entry) => {
    if (entry.kind === 'leave' || entry.kind === 'delete') return []
    if (entry.kind === 'call') return ofCall(entry)
    const reasons = new Map<string, NotificationKind>()
    if (entry.kind === 'join') {
      // A direct conversation begins with its first message.
      if (entry.user !== undefined && tellable.pair === undefined) reasons.set(entry.user, 'added')
    } else {
      if (entry.kind === 'message') addReaders(reasons, entry, tellable, listeners)
      // An edit may name somebody the message did not.
      for (const user of entry.mentions ?? []) reasons.set(user, 'mention')
    }
    reasons.delete(entry.from)
    const seq = entry.kind === 'edit' ? (entry.target ?? entry.seq) : entry.seq
    const { room, from, at } = entry
    return [...reasons].map(([user, kind]) => ({ user, kind, room, seq, from, at }))
  })
}

/** Those it rings for, and later those of them who have missed it. */
function ofCall({ room, seq, from, at, call: line }: Entry): Candidate[] {
  if (line?.media === undefined) return []
  const { call, media } = line
  const kind = line.line === 'started' ? 'ring' : 'call'
  const rung = (line.rung ?? []).filter((user) => user !== from)
  return rung.map((user) => ({ user, kind, room, seq, from, at, media, call }))
}

function addReaders(
  reasons: Map<string, NotificationKind>,
  entry: Entry,
  { authors, pair = [] }: Pick<Tellable, 'authors' | 'pair'>,
  listeners: readonly string[],
): void {
  for (const user of listeners) reasons.set(user, 'message')
  for (const user of pair) reasons.set(user, 'direct')
  const author = entry.reply_to === undefined ? undefined : authors[entry.reply_to]
  if (author !== undefined) reasons.set(author, 'reply')
}
