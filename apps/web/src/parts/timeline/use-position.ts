import type { Timeline } from '@parley/sdk/api'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { VirtualizerHandle } from 'virtua'
import type { Target } from '../conversation/use-go-to.ts'
import type { Row } from './rows.ts'
import type { Frame } from './shift.ts'
import { type Edges, useEdges } from './use-edges.ts'
import { useLeaving } from './use-leaving.ts'

/** Closer to the end than this the view follows what is new. */
const followPx = 32
/** Closer to an end of the window than this the next page is asked for. */
const edgePx = 1_200
const markMs = 2_600
/** A jump needs some frames until everything on its way is measured, and a movement by hand to get away from the end. */
const settleMs = 350

interface PositionOptions {
  readonly timeline: Timeline
  readonly frame: Frame
  readonly target: Target | null
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  /** The view or the rows moved. */
  readonly onMove: () => void
}

export interface Position {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly list: RefObject<VirtualizerHandle | null>
  readonly atEnd: boolean
  readonly marked: number | null
  onScroll(): void
  onResize(): void
  toEnd(): void
}

const distanceToEnd = (element: HTMLElement) =>
  element.scrollHeight - element.clientHeight - element.scrollTop

/** Where the view stands: it follows the end, stays where one reads, and goes where one wants. */
export function usePosition(options: PositionOptions): Position {
  const { frame, target } = options
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const following = useRef(true)
  const last = useRef({ top: 0, height: 0 })
  const settledAt = useRef(0)
  const placed = useRef<{ generation: number; target: Target | null }>({ generation: -1, target: null })
  const [atEnd, setAtEnd] = useState(true)
  const [marked, setMarked] = useMark()
  const latest = useRef(options)
  latest.current = options

  const edges = useRef<Edges>(undefined)
  const look = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    const { hasOlder, hasNewer, onMove } = latest.current
    const rest = distanceToEnd(element)
    if (rest < followPx && !hasNewer && performance.now() > settledAt.current) following.current = true
    setAtEnd(!hasNewer && rest < followPx * 3)
    if (hasOlder && element.scrollTop < edgePx) edges.current?.older()
    if (hasNewer && rest < edgePx) edges.current?.newer()
    onMove()
  }, [])
  edges.current = useEdges(options.timeline, look)
  useLeaving(
    scroller,
    useCallback(() => {
      following.current = false
      settledAt.current = performance.now() + settleMs
      setTimeout(look, settleMs + 50)
    }, [look]),
  )
  const toEnd = useCallback(() => {
    following.current = true
    const element = scroller.current
    if (element !== null) element.scrollTop = element.scrollHeight
  }, [])

  useLayoutEffect(() => {
    const anew = placed.current.generation !== frame.generation
    const wanted = target !== placed.current.target ? target : null
    const seq = wanted?.seq
    const index = seq === undefined ? -1 : frame.rows.findIndex((row) => row.item.seq === seq)
    if (frame.rows.length === 0) return
    placed.current.generation = frame.generation
    if (wanted !== null && seq === 'end' && !latest.current.hasNewer) {
      placed.current.target = wanted
      following.current = true
    } else if (wanted !== null && typeof seq === 'number' && index !== -1) {
      placed.current.target = wanted
      following.current = false
      list.current?.scrollToIndex(index, { align: 'center' })
      if (wanted.mark) setMarked(seq)
    } else if (anew) following.current = start(frame.rows, list.current, latest.current.hasNewer)
    if (following.current) toEnd()
    else if (anew || (wanted !== null && index !== -1)) {
      settledAt.current = performance.now() + settleMs
      setTimeout(look, settleMs + 50)
    }
    look()
  }, [frame, target, look, toEnd, setMarked])

  return {
    scroller,
    list,
    atEnd,
    marked,
    toEnd,
    onScroll: useCallback(() => {
      const element = scroller.current
      if (element === null) return
      const { scrollTop: top, scrollHeight: height } = element
      // Up, and nothing was measured anew meanwhile: a person did that. Rows that turn out smaller move the view as well.
      if (top < last.current.top - 1 && height === last.current.height) following.current = false
      last.current = { top, height }
      look()
    }, [look]),
    onResize: useCallback(() => {
      if (following.current && !latest.current.hasNewer) toEnd()
      look()
    }, [look, toEnd]),
  }
}

/** The message one was led to; forgotten after a moment. */
function useMark() {
  const [marked, setMarked] = useState<number | null>(null)
  useEffect(() => {
    if (marked === null) return
    const timer = setTimeout(() => setMarked(null), markMs)
    return () => clearTimeout(timer)
  }, [marked])
  return [marked, setMarked] as const
}

/** Begins at the line above what is new, else at the end; true when the view shall follow the end. */
function start(rows: readonly Row[], list: VirtualizerHandle | null, hasNewer: boolean): boolean {
  const fresh = rows.findIndex((row) => row.fresh)
  if (fresh > 0) {
    list?.scrollToIndex(fresh, { align: 'start', offset: -96 })
    return false
  }
  if (!hasNewer) return true
  list?.scrollToIndex(Math.floor(rows.length / 2), { align: 'center' })
  return false
}
