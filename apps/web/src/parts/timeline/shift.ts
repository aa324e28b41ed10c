/**
 * The virtualiser keeps the view still when rows come or go at the start, if it is told so (`shift`), and
 * then takes every change of the length for one at the start. A step that changes both ends is therefore
 * shown as two: first the older rows, then the newer ones.
 */
import type { Row } from './rows.ts'

export interface Frame {
  /** What is shown now. */
  readonly rows: readonly Row[]
  /** What was given; differs from `rows` while a second step is due. */
  readonly source: readonly Row[]
  readonly shift: boolean
  /** Grows when the window was replaced and nothing of it is left: positions start anew. */
  readonly generation: number
}

export const emptyFrame: Frame = { rows: [], source: [], shift: false, generation: 0 }

export function advance(frame: Frame, source: readonly Row[]): Frame {
  const before = frame.rows
  const first = before[0]
  const last = before.at(-1)
  const show = (rows: readonly Row[], shift: boolean): Frame => ({ ...frame, rows, source, shift })
  const newFirst = source[0]
  if (first === undefined || last === undefined || newFirst === undefined)
    return { rows: source, source, shift: false, generation: frame.generation + 1 }

  const added = source.findIndex((row) => row.key === first.key)
  if (added === 0) return show(source, false)
  const end = source.findLastIndex((row) => row.key === last.key)
  if (added > 0) {
    if (end === source.length - 1) return show(source, true)
    // The end moved as well: it grew, or it was let go while older rows came (then that is the first step).
    return end === -1 ? show(commonStart(before, source), false) : show(source.slice(0, end + 1), true)
  }
  const removed = before.findIndex((row) => row.key === newFirst.key)
  if (removed === -1) return { rows: source, source, shift: false, generation: frame.generation + 1 }
  return end === source.length - 1 ? show(source, true) : show(before.slice(removed), true)
}

/** The rows shown now without those at the end that are gone; the first one is known to be left. */
function commonStart(before: readonly Row[], source: readonly Row[]): readonly Row[] {
  const left = new Set(source.map((row) => row.key))
  return before.slice(0, before.findLastIndex((row) => left.has(row.key)) + 1)
}
