import type { TimelineItem } from '@parley/sdk/api'
import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import { buildRows, type Row, type RowOptions } from './rows.ts'
import { advance, emptyFrame, type Frame } from './shift.ts'

/** Rows of the items, in steps that keep the view still. */
export function useRows(items: readonly TimelineItem[], { me, readSeq, hasOlder }: RowOptions): Frame {
  const known = useRef<ReadonlyMap<string, Row>>(new Map())
  const last = useRef<readonly Row[]>([])
  const rows = useMemo(() => {
    const next = buildRows(items, { me, readSeq, hasOlder }, known.current)
    // A new list of the same items (a page is being loaded) is no reason to draw or to move anything.
    const same =
      next.length === last.current.length && next.every((row, index) => row === last.current[index])
    return same ? last.current : next
  }, [items, me, readSeq, hasOlder])
  const [frame, setFrame] = useState(() => advance(emptyFrame, rows))
  if (frame.source !== rows) setFrame(advance(frame, rows))
  useLayoutEffect(() => {
    last.current = rows
    known.current = new Map(rows.map((row) => [row.key, row]))
  }, [rows])
  useLayoutEffect(() => {
    if (frame.rows !== frame.source) setFrame((before) => advance(before, before.source))
  }, [frame])
  return frame
}
