import type { TimelineItem } from '@parley/sdk/api'
import { describe, expect, it } from 'vitest'
import { buildRows, type Row } from './rows.ts'
import { advance, emptyFrame } from './shift.ts'

const noon = new Date(2026, 4, 12, 12).getTime()
const minute = 60_000

function message(seq: number, from: string, at: number, more: object = {}): TimelineItem {
  return {
    type: 'message',
    key: `k${seq}`,
    room: 'r',
    seq,
    from,
    at,
    client_id: `client-${seq}`,
    body: `text ${seq}`,
    reactions: [],
    state: null,
    ...more,
  }
}
const options = { me: 'me', readSeq: null, hasOlder: true }
const build = (items: readonly TimelineItem[], more: object = {}) => buildRows(items, { ...options, ...more })

describe('rows of a timeline', () => {
  it('groups one author within five minutes, and not beyond', () => {
    const rows = build([
      message(1, 'a', noon),
      message(2, 'a', noon + 4 * minute),
      message(3, 'a', noon + 9 * minute),
      message(4, 'b', noon + 9 * minute),
    ])
    expect(rows.map((row) => row.first)).toEqual([true, false, true, true])
  })

  it('writes the date above the first message of each day', () => {
    const rows = build([
      message(1, 'a', noon),
      message(2, 'a', noon + minute),
      message(3, 'a', noon + 24 * 60 * minute),
    ])
    expect(rows.map((row) => row.day)).toEqual([true, false, true])
  })

  it('draws the line above the first unread message of somebody else, once', () => {
    const rows = build(
      [message(1, 'a', noon), message(2, 'me', noon), message(3, 'a', noon), message(4, 'a', noon)],
      {
        readSeq: 1,
      },
    )
    expect(rows.map((row) => row.fresh)).toEqual([false, false, true, false])
  })

  it('quotes the message replied to, and says when it is not in the window', () => {
    const rows = build([
      message(5, 'a', noon),
      message(6, 'b', noon, { reply_to: 5 }),
      message(7, 'b', noon, { reply_to: 1 }),
    ])
    expect(rows.map((row) => row.quoted)).toEqual([undefined, rows[0]?.item, null])
  })

  it('says where the room begins only when nothing older is left', () => {
    expect(build([message(1, 'a', noon)], { hasOlder: false })[0]?.beginning).toBe(true)
    expect(build([message(1, 'a', noon)])[0]?.beginning).toBe(false)
  })

  it('keeps the identity of rows that did not change', () => {
    const items = [message(1, 'a', noon), message(2, 'b', noon)]
    const before = build(items)
    const known = new Map(before.map((row) => [row.key, row]))
    const after = buildRows([...items, message(3, 'a', noon)], options, known)
    expect(after[0]).toBe(before[0])
    expect(after[1]).toBe(before[1])
  })
})

describe('keeping the view still', () => {
  const rows = (...seqs: number[]): readonly Row[] => build(seqs.map((seq) => message(seq, 'a', noon)))
  const keys = (list: readonly Row[]) => list.map((row) => row.key)
  const start = advance(emptyFrame, rows(3, 4))

  it('shifts when older rows come on top', () => {
    const frame = advance(start, rows(1, 2, 3, 4))
    expect(frame.shift).toBe(true)
    expect(frame.rows).toHaveLength(4)
  })

  it('does not shift when newer rows come at the end', () => {
    expect(advance(start, rows(3, 4, 5)).shift).toBe(false)
  })

  it('takes two steps when both ends change, the older rows first', () => {
    const source = rows(1, 2, 3, 4, 5)
    const frame = advance(start, source)
    expect(frame.shift).toBe(true)
    expect(keys(frame.rows)).toEqual(['k1', 'k2', 'k3', 'k4'])
    const next = advance(frame, source)
    expect(next.shift).toBe(false)
    expect(next.rows).toBe(source)
  })

  it('lets the end go before older rows come on top', () => {
    const source = rows(1, 2, 3, 4)
    const frame = advance(advance(emptyFrame, rows(3, 4, 5, 6)), source)
    expect(frame.shift).toBe(false)
    expect(keys(frame.rows)).toEqual(['k3', 'k4'])
    const next = advance(frame, source)
    expect(next.shift).toBe(true)
    expect(next.rows).toBe(source)
  })

  it('shifts when rows leave at the start', () => {
    const frame = advance(advance(emptyFrame, rows(1, 2, 3, 4)), rows(3, 4))
    expect(frame.shift).toBe(true)
    expect(keys(frame.rows)).toEqual(['k3', 'k4'])
  })

  it('begins anew when the window was replaced', () => {
    const frame = advance(start, rows(80, 81))
    expect(frame.generation).toBe(start.generation + 1)
    expect(frame.shift).toBe(false)
  })
})
