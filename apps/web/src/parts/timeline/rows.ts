/** From the timeline's items to the rows on the screen: days, groups by author, the line above what is new. */
import type { TimelineItem, TimelineMessage } from '@parley/sdk/api'
import { daysBetween } from '../../hooks/use-dates.ts'

export interface Row {
  readonly key: string
  readonly item: TimelineItem
  /** A date is written above. */
  readonly day: boolean
  /** Author and avatar are shown: the first message of a group. */
  readonly first: boolean
  /** The line "new messages" is drawn above. */
  readonly fresh: boolean
  /** The room begins with this row. */
  readonly beginning: boolean
  /** The message replied to; null when it is further up than the window. */
  readonly quoted?: TimelineMessage | null
}

export interface RowOptions {
  readonly me: string
  /** What was read when the room was opened; null draws no line. */
  readonly readSeq: number | null
  readonly hasOlder: boolean
}

/** Messages of one author within this time stand together. */
const groupMs = 5 * 60_000

function continues(item: TimelineItem, before: TimelineItem | undefined): boolean {
  return (
    before !== undefined &&
    item.type === 'message' &&
    before.type === 'message' &&
    item.from === before.from &&
    item.at - before.at < groupMs &&
    item.reply_to === undefined
  )
}

function isFresh(item: TimelineItem, options: RowOptions): boolean {
  return (
    options.readSeq !== null &&
    item.type === 'message' &&
    item.seq !== null &&
    item.seq > options.readSeq &&
    item.from !== options.me &&
    item.deleted !== true
  )
}

/** Rows that are as before keep their identity, so that a memoised row is not drawn again. */
export function buildRows(
  items: readonly TimelineItem[],
  options: RowOptions,
  previous: ReadonlyMap<string, Row> = new Map(),
): readonly Row[] {
  const bySeq = new Map<number, TimelineMessage>()
  for (const item of items) if (item.type === 'message' && item.seq !== null) bySeq.set(item.seq, item)
  let freshDrawn = false
  return items.map((item, index) => {
    const before = items[index - 1]
    const day = before === undefined || daysBetween(before.at, item.at) !== 0
    const fresh = !freshDrawn && isFresh(item, options)
    freshDrawn ||= fresh
    const replyTo = item.type === 'message' ? item.reply_to : undefined
    const row: Row = {
      key: item.key,
      item,
      day,
      fresh,
      first: day || fresh || !continues(item, before),
      beginning: index === 0 && !options.hasOlder,
      ...(replyTo === undefined ? {} : { quoted: bySeq.get(replyTo) ?? null }),
    }
    const known = previous.get(row.key)
    return known !== undefined && sameRow(known, row) ? known : row
  })
}

function sameRow(a: Row, b: Row): boolean {
  return (
    a.item === b.item &&
    a.day === b.day &&
    a.first === b.first &&
    a.fresh === b.fresh &&
    a.beginning === b.beginning &&
    a.quoted === b.quoted
  )
}
