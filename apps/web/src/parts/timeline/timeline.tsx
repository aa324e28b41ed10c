import { UNREAD_CAP } from '@parley/protocol'
import type { TimelineItem, TimelineState, Timeline as TimelineStore } from '@parley/sdk/api'
import { ArrowDown, ArrowUp } from 'lucide-react'
import {
  type FocusEvent,
  type RefObject,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { Virtualizer } from 'virtua'
import { useAttention } from '../../hooks/use-attention.ts'
import { useMe } from '../../hooks/use-people.ts'
import type { Target } from '../conversation/use-go-to.ts'
import { Announcer } from './announcer.tsx'
import type { Row } from './rows.ts'
import styles from './timeline.module.css'
import { TimelineRow } from './timeline-row.tsx'
import { usePosition } from './use-position.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useRows } from './use-rows.ts'

export interface TimelineHandle {
  toEnd(): void
}

interface TimelineProps {
  readonly timeline: TimelineStore
  readonly label: string
  readonly state: TimelineState
  /** Up to here everything was read when the room was opened; null draws no line. */
  readonly readSeq: number | null
  readonly unread: number
  readonly target: Target | null
  readonly busy: boolean
  readonly goToLatest: () => void
  readonly goToFirstUnread: () => void
  /** Everything up to here is on the screen, and somebody looks at it. */
  readonly onSeen: (seq: number) => void
  readonly handle: RefObject<TimelineHandle | null>
}

/** The window on a room's history: virtualised, and it never jumps. */
export function Timeline(props: TimelineProps) {
  const { timeline, label, state, target, handle } = props
  const { items, hasOlder, hasNewer } = state
  const me = useMe().id
  const readSeq = reachedLine(props.readSeq, items, hasOlder)
  const frame = useRows(items, { me, readSeq, hasOlder })
  const seen = useSeen(props.onSeen)
  const position = usePosition({ timeline, frame, target, hasOlder, hasNewer, onMove: seen.look })
  const { scroller, list, toEnd } = position
  seen.connect(scroller, frame.rows)
  const [held, onFocus] = useHeldRow(frame.rows)
  useImperativeHandle(handle, () => ({ toEnd }), [toEnd])
  const above = useUnreadAbove(props.readSeq, readSeq)
  const latest = () => (hasNewer ? props.goToLatest() : toEnd())
  const onKeyDown = useRowKeys(scroller, latest)
  const marked = position.marked

  return (
    <div className={styles.timeline}>
      <Announcer items={items} hasNewer={hasNewer} me={me} />
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={label}
        aria-busy={props.busy || undefined}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the arrows walk through it.
        tabIndex={0}
        className={styles.log}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        <div className={styles.fill} />
        <Virtualizer
          key={frame.generation}
          ref={list}
          data={frame.rows}
          shift={frame.shift}
          bufferSize={400}
          keepMounted={held}
          onScroll={position.onScroll}
          onResize={position.onResize}
        >
          {(row: Row) => (
            <TimelineRow key={row.key} row={row} marked={marked !== null && row.item.seq === marked} />
          )}
        </Virtualizer>
        <div className={styles.foot} />
      </div>
      {state.loadingOlder || props.busy ? <span className={styles.loading} data-place="top" /> : null}
      {state.loadingNewer ? <span className={styles.loading} data-place="bottom" /> : null}
      {above ? <FirstUnread onClick={props.goToFirstUnread} /> : null}
      {position.atEnd || frame.rows.length === 0 ? null : <ToLatest count={props.unread} onClick={latest} />}
    </div>
  )
}

/** The line is drawn once the window reaches what was read; above it, its place would be a lie. */
function reachedLine(
  readSeq: number | null,
  items: readonly TimelineItem[],
  hasOlder: boolean,
): number | null {
  const first = items.find((item) => item.seq !== null)?.seq
  if (readSeq === null || first === undefined || first === null) return null
  return !hasOlder || first <= readSeq + 1 ? readSeq : null
}

/** Whether what is new begins further up than the window; forgotten once one was there. */
function useUnreadAbove(opened: number | null, reached: number | null): boolean {
  const [been, setBeen] = useState<number | null>(null)
  if (reached !== null && been !== reached) setBeen(reached)
  return opened !== null && reached === null && been !== opened
}

/** Tells how far one has seen, while the page is looked at. */
function useSeen(onSeen: (seq: number) => void) {
  const attention = useAttention()
  const box = useMemo(() => {
    let state: { scroller: RefObject<HTMLElement | null>; rows: readonly Row[] } | undefined
    return {
      connect(scroller: RefObject<HTMLElement | null>, rows: readonly Row[]) {
        state = { scroller, rows }
      },
      lastSeen(): number | undefined {
        const element = state?.scroller.current
        if (state === undefined || element == null) return undefined
        const { bottom } = element.getBoundingClientRect()
        const shown = [...element.querySelectorAll<HTMLElement>('[data-key]')].findLast(
          (row) => row.getBoundingClientRect().bottom <= bottom + 24,
        )
        const key = shown?.dataset.key
        const index = state.rows.findIndex((row) => row.key === key)
        return state.rows.slice(0, index + 1).findLast((row) => row.item.seq !== null)?.item.seq ?? undefined
      },
    }
  }, [])
  const look = useCallback(() => {
    if (!attention) return
    const seq = box.lastSeen()
    if (seq !== undefined) onSeen(seq)
  }, [attention, box, onSeen])
  // biome-ignore lint/correctness/useExhaustiveDependencies: once after it is drawn, and when somebody looks again.
  useEffect(look, [attention])
  return { connect: box.connect, look }
}

/** The row with the focus stays in the document, wherever one scrolls. */
function useHeldRow(rows: readonly Row[]): [readonly number[], (event: FocusEvent) => void] {
  const [key, setKey] = useState<string>()
  const index = key === undefined ? -1 : rows.findIndex((row) => row.key === key)
  const held = useMemo(() => (index === -1 ? [] : [index]), [index])
  const onFocus = useCallback((event: FocusEvent) => {
    const row = event.target.closest<HTMLElement>('[data-key]')
    setKey(row?.dataset.key)
  }, [])
  return [held, onFocus]
}

function ToLatest({ count, onClick }: { count: number; onClick: () => void }) {
  const { t } = useTranslation()
  const label = count > 0 ? t('conversation.latestCount', { count }) : t('conversation.latest')
  return (
    <button
      type="button"
      className={styles.latest}
      data-count={count > 0 || undefined}
      aria-label={label}
      onClick={onClick}
    >
      {count > 0 ? <span>{count >= UNREAD_CAP ? `${UNREAD_CAP - 1}+` : count}</span> : null}
      <ArrowDown size={18} aria-hidden="true" />
    </button>
  )
}

function FirstUnread({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation()
  return (
    <button type="button" className={styles.firstUnread} onClick={onClick}>
      <ArrowUp size={15} aria-hidden="true" />
      {t('conversation.firstUnread')}
    </button>
  )
}
