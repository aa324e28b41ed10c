/**
 * A call writes several lines into its room's log and is one item of a timeline, which stands where it was started. So it
 * does not move, whatever is loaded before or after it; without its first line (on a page that is not loaded) it is not
 * shown. Lines that the window does not have yet make it know less, never something wrong: a call without an end may be
 * over, and only `Calls` says which go on. Pure, but for what it remembers to keep unchanged items identical.
 */
import type { Entry } from '@parley/protocol'
import type { CallLineShape } from '@parley/protocol/calls'
import type { TimelineCall, TimelineItem } from '../api.ts'

/** A line of a call, as the window keeps it. */
export interface CallNotice {
  readonly kind: 'call'
  readonly seq: number
  readonly from: string
  readonly at: number
  readonly line: CallLineShape
}

export function toCallNotice({ seq, from, at, call }: Entry): CallNotice | null {
  return call === undefined ? null : { kind: 'call', seq, from, at, line: call }
}

interface Folded {
  readonly lines: readonly CallNotice[]
  readonly item: TimelineItem
}

export class FoldedCalls {
  #known = new Map<string, Folded>()

  /** The calls of these lines, by the position of their first one. `lines` are ascending by seq. */
  fold(lines: readonly CallNotice[]): ReadonlyMap<number, TimelineItem> {
    const byCall = new Map<string, CallNotice[]>()
    for (const notice of lines) {
      const { call } = notice.line
      const others = byCall.get(call)
      if (others !== undefined) others.push(notice)
      else if (notice.line.line === 'started') byCall.set(call, [notice])
    }
    const next = new Map<string, Folded>()
    for (const [call, its] of byCall) {
      const known = this.#known.get(call)
      const same = known !== undefined && sameLines(known.lines, its)
      next.set(call, same ? known : { lines: its, item: { type: 'call', ...foldCall(its) } })
    }
    this.#known = next
    return new Map([...next.values()].map(({ lines: [first], item }) => [first?.seq ?? 0, item]))
  }
}

function sameLines(a: readonly CallNotice[], b: readonly CallNotice[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index])
}

/** `lines` begins with `started`. */
function foldCall(lines: readonly CallNotice[]): TimelineCall {
  const [started] = lines as readonly [CallNotice, ...CallNotice[]]
  const { call, media = 'sound' } = started.line
  const last = lines.findLast(({ line }) => line.line === 'ended' || line.line === 'missed')
  const users = new Set(lines.flatMap(({ from, line }) => (line.line === 'joined' ? [from] : [])))
  return {
    key: `call:${call}`,
    seq: started.seq,
    call,
    from: started.from,
    at: started.at,
    media,
    users: [...users],
    ...(last === undefined ? {} : { end: endOf(last) }),
  }
}

function endOf({ at, line }: CallNotice): NonNullable<TimelineCall['end']> {
  if (line.line === 'missed') return { at, reason: line.reason ?? 'missed' }
  return { at, reason: 'completed', duration_ms: line.duration_ms ?? 0 }
}
