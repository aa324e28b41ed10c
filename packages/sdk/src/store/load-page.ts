/**
 * Loads a page of history and brings it to a known position of the log. The server's page shows messages in their
 * newest state but does not say as of which entry; a reaction that is both in the page and in an entry pushed
 * meanwhile would count twice. So the log is read after the page, and a page that such an entry touches is read again.
 */
import { type Entry, LIST_MAX_ITEMS, type LogRoom, type Message } from '@parley/protocol'
import { toNotice, type WindowNotice } from './apply-entry.ts'
import { applyToWindow, type Window } from './window.ts'

export type Place =
  | { readonly kind: 'latest' }
  | { readonly kind: 'around'; readonly seq: number }
  /** Messages before `seq`. */
  | { readonly kind: 'older'; readonly seq: number }
  /** Messages after `seq`. */
  | { readonly kind: 'newer'; readonly seq: number }

export interface PageSource {
  messages(place: Place, limit: number): Promise<{ messages: Message[]; more: boolean }>
  log(after: number, limit: number): Promise<LogRoom>
}

export interface LoadedPage {
  /** State as of `upTo`. */
  readonly window: Window
  /** Everything in `(position, upTo]`. */
  readonly entries: readonly Entry[]
  readonly upTo: number
}

export const PAGE_MESSAGES = 50
const TRIES_MAX = 3
const LOG_REQUESTS_MAX = 10
/** History between messages (joins, renames, calls, …) is shown as far as this many requests tell it. */
const NOTICE_REQUESTS_MAX = 2

interface LoadOptions {
  readonly source: PageSource
  readonly place: Place
  readonly me: string
  /** Where the room's log is applied up to, at most what the server has. */
  readonly position: number
  /** First entry that still exists. */
  readonly firstSeq: number
}

export async function loadPage(options: LoadOptions): Promise<LoadedPage> {
  const { source, place, me } = options
  for (let tries = 1; ; tries++) {
    const { messages, more } = await source.messages(place, PAGE_MESSAGES)
    const [tail, history] = await Promise.all([
      readLog(source, options.position, LOG_REQUESTS_MAX),
      readHistory(options, messages, more),
    ])
    const seqs = new Set(messages.map((message) => message.seq))
    const doubtful = tail.entries.some((entry) => isReaction(entry) && seqs.has(entry.target ?? 0))
    // Reactions that rain down without end would keep us here; then the count may be off until the next visit.
    if (doubtful && tries < TRIES_MAX) continue
    let window = toWindow(place, messages, more, tail.head)
    window = { ...window, notices: history.filter((notice) => notice.seq <= options.position) }
    for (const entry of tail.entries) {
      if (!(doubtful && isReaction(entry) && seqs.has(entry.target ?? 0)))
        window = applyToWindow(window, entry, me)
    }
    return { window, entries: tail.entries, upTo: tail.entries.at(-1)?.seq ?? options.position }
  }
}

function isReaction({ kind }: Entry): boolean {
  return kind === 'react' || kind === 'unreact'
}

function toWindow(place: Place, messages: Message[], more: boolean, head: number): Window {
  const base = { messages, notices: [] }
  switch (place.kind) {
    case 'latest':
      return { ...base, hasOlder: more, hasNewer: false }
    case 'older':
      return { ...base, hasOlder: more, hasNewer: true }
    case 'newer':
      return { ...base, hasOlder: true, hasNewer: more }
    case 'around':
      // `more` does not say on which side; the side that has none turns out empty when it is asked for.
      return { ...base, hasOlder: more, hasNewer: more && (messages.at(-1)?.seq ?? 0) < head }
  }
}

/** What lies between the messages of the page. */
async function readHistory(
  options: LoadOptions,
  messages: Message[],
  more: boolean,
): Promise<WindowNotice[]> {
  const { source, place, firstSeq, position } = options
  const first = messages[0]?.seq ?? position + 1
  const last = messages.at(-1)?.seq ?? position
  const from = place.kind === 'newer' ? place.seq + 1 : more ? first : firstSeq
  const upTo = place.kind === 'older' ? place.seq - 1 : place.kind === 'latest' || !more ? position : last
  if (from > upTo) return []
  const { entries } = await readLog(source, from - 1, NOTICE_REQUESTS_MAX, upTo)
  return entries.flatMap((entry) => toNotice(entry) ?? [])
}

/** Entries in `(after, upTo]`, as far as the number of requests allows; without `upTo` to the head. */
async function readLog(
  source: PageSource,
  after: number,
  requestsMax: number,
  upTo = Number.POSITIVE_INFINITY,
): Promise<{ entries: Entry[]; head: number }> {
  const entries: Entry[] = []
  let head = after
  for (let at = after, requests = 0; requests < requestsMax; requests++) {
    const answer = await source.log(at, Math.min(LIST_MAX_ITEMS, upTo - at))
    entries.push(...answer.entries)
    head = answer.head_seq
    at = answer.entries.at(-1)?.seq ?? at
    if (!answer.more || at >= upTo) break
  }
  return { entries, head }
}
