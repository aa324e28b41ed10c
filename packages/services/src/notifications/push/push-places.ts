/**
 * Who may send now. Clients name the addresses that pushes go to, so that one which never answers holds a place until it
 * is given up: how many places such services and single owners have at a time is limited, and a service that stays silent
 * is left alone for a growing while. One that answers quickly has as many places as there are. Known to this process
 * alone: after a start everybody begins as a stranger.
 */
import type { Clock } from '@parley/contracts'

/** An answer that takes longer makes its service a stranger again. */
const QUICK_MS = 2_000
/** Of one owner, at all services together. */
export const OWNER_PLACES = 4
/** At a service that is not known to answer quickly, and at all of these together. */
export const STRANGER_PLACES = 4
const STRANGERS_PLACES = 16
/** So often in a row without an answer: it is left alone, and then asked with one push at a time. */
export const SILENT_AFTER = 3
/** At all services together that were silent. */
const SILENT_PLACES = 8
const ALONE_FROM_MS = 30_000
export const ALONE_TO_MS = 300_000
/** Silent for so long, though asked again and again: given up. */
export const GIVEN_UP_AFTER_MS = 20 * 3_600_000
/** Longer than between two attempts: silence before that says nothing about today. */
const STREAK_GAP_MS = 3_600_000
/** Whoever finds no place comes back one after the other: soon at a service that may be quick, rarely at others. */
const BACK_AFTER_MS = 300
const BACK_SPACING_MS = 10
const BACK_SPACING_SLOW_MS = 1_000
const BACK_SPREAD_MS = 60_000
/** Services and owners remembered; beyond it who was here longest ago begins as a stranger. */
const REMEMBERED_MAX = 5_000

export interface PushPlaces {
  /**
   * A place, which must be left again; or after how many milliseconds to ask again; or that this service has not
   * answered for so long that its subscriptions are worth nothing, while others did answer.
   */
  enter(host: string, owner: string): PushPlace | number | 'given-up'
}

export interface PushPlace {
  /** Its service answered, whatever it said. */
  answered(afterMs: number): void
  /** It did not, or was not reached. Returns how long it is to be left alone, in milliseconds. */
  unanswered(): number
  leave(): void
}

interface Line {
  underWay: number
  /** When the next one who found no place may come back. */
  backAt: number
}

interface Host extends Line {
  /** Its last answer came quickly. */
  quick: boolean
  slow: boolean
  /** Without an answer, in a row. */
  silent: number
  silentSince: number | undefined
  silentAt: number
  aloneMs: number
  aloneUntil: number
  /** When those that are under way began, oldest first. */
  readonly begun: Set<{ readonly at: number }>
}

type Kind = 'quick' | 'stranger' | 'silent'

const newLine = (): Line => ({ underWay: 0, backAt: 0 })
const newHost = (): Host => ({
  ...newLine(),
  quick: false,
  slow: false,
  silent: 0,
  silentSince: undefined,
  silentAt: 0,
  aloneMs: 0,
  aloneUntil: 0,
  begun: new Set(),
})

export function createPushPlaces(clock: Pick<Clock, 'now'>): PushPlaces {
  const hosts = new Map<string, Host>()
  const owners = new Map<string, Line>()
  const all: Record<Kind, Line> = { quick: newLine(), stranger: newLine(), silent: newLine() }
  let answeredAt = Number.NEGATIVE_INFINITY

  const isGivenUp = (host: Host, now: number): boolean => {
    if (host.silentSince === undefined) return false
    if (now - host.silentAt > STREAK_GAP_MS) {
      host.silentSince = undefined
      return false
    }
    // Where nobody answers, it is our own way out that is cut.
    return now - host.silentSince >= GIVEN_UP_AFTER_MS && now - answeredAt <= STREAK_GAP_MS
  }

  return {
    enter(hostName, ownerName) {
      const now = clock.now()
      const host = recall(hosts, hostName, newHost)
      if (isGivenUp(host, now)) return 'given-up'
      const spacingMs = isSlow(host, now) ? BACK_SPACING_SLOW_MS : BACK_SPACING_MS
      if (now < host.aloneUntil) return comeBack(host, host.aloneUntil, now, spacingMs)
      const kind = kindOf(host)
      if (host.underWay >= placesAt(kind)) return comeBack(host, now, now, spacingMs)
      const owner = recall(owners, ownerName, newLine)
      if (owner.underWay >= OWNER_PLACES) return comeBack(owner, now, now, spacingMs)
      if (all[kind].underWay >= placesOf(kind)) return comeBack(all[kind], now, now, spacingMs)
      return takePlace(host, [host, owner, all[kind]], clock, () => {
        answeredAt = clock.now()
      })
    },
  }
}

function takePlace(
  host: Host,
  lines: readonly Line[],
  clock: Pick<Clock, 'now'>,
  onAnswer: () => void,
): PushPlace {
  const own = { at: clock.now() }
  host.begun.add(own)
  for (const line of lines) line.underWay++
  return {
    answered(afterMs) {
      onAnswer()
      noteAnswer(host, afterMs)
    },
    unanswered: () => noteSilence(host, clock.now()),
    leave() {
      if (!host.begun.delete(own)) return
      for (const line of lines) line.underWay--
    },
  }
}

function noteAnswer(host: Host, afterMs: number): void {
  host.silent = 0
  host.silentSince = undefined
  host.aloneMs = 0
  host.aloneUntil = 0
  host.quick = afterMs <= QUICK_MS
  host.slow = !host.quick
  if (host.quick) host.backAt = 0
}

function noteSilence(host: Host, now: number): number {
  host.quick = false
  host.silent++
  host.silentSince ??= now
  host.silentAt = now
  // Those that were under way together count as one silence.
  if (host.silent >= SILENT_AFTER && now >= host.aloneUntil) {
    host.aloneMs = Math.min(ALONE_TO_MS, Math.max(ALONE_FROM_MS, host.aloneMs * 2))
    host.aloneUntil = now + host.aloneMs
  }
  return Math.max(0, host.aloneUntil - now)
}

function kindOf({ quick, silent }: Host): Kind {
  if (silent >= SILENT_AFTER) return 'silent'
  return quick ? 'quick' : 'stranger'
}

function placesAt(kind: Kind): number {
  if (kind === 'silent') return 1
  return kind === 'stranger' ? STRANGER_PLACES : Number.POSITIVE_INFINITY
}

function placesOf(kind: Kind): number {
  if (kind === 'silent') return SILENT_PLACES
  return kind === 'stranger' ? STRANGERS_PLACES : Number.POSITIVE_INFINITY
}

function isSlow({ slow, silent, quick, begun }: Host, now: number): boolean {
  if (quick) return false
  const [oldest] = begun
  return slow || silent > 0 || (oldest !== undefined && now - oldest.at > QUICK_MS)
}

/** After how many milliseconds, not before `from`, and not all at the same moment. */
function comeBack(line: Line, from: number, now: number, spacingMs: number): number {
  const earliest = from + BACK_AFTER_MS
  const at = Math.min(Math.max(earliest, line.backAt), earliest + BACK_SPREAD_MS)
  line.backAt = at + spacingMs
  return at - now
}

/** Forgets who was here longest ago and has nothing under way. */
function recall<L extends Line>(lines: Map<string, L>, name: string, make: () => L): L {
  const line = lines.get(name) ?? make()
  lines.delete(name)
  if (lines.size >= REMEMBERED_MAX) {
    const oldest = lines.entries().find(([, { underWay }]) => underWay === 0)
    if (oldest !== undefined) lines.delete(oldest[0])
  }
  lines.set(name, line)
  return line
}
