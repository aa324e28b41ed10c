import type { Timeline, TimelineItem } from '@parley/sdk/api'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useToasts } from '../toasts.tsx'

/** A place the timeline has to show; each is a new object, so that one can go to the same place again. */
export interface Target {
  readonly seq: number | 'end'
  /** The message is marked for a moment, because one asked for this very one. */
  readonly mark: boolean
}

/** The item with this seq, else the first one after it, else the last. */
function nearest(items: readonly TimelineItem[], seq: number): number | undefined {
  let last: number | undefined
  for (const item of items) {
    if (item.seq === null) continue
    last = item.seq
    if (item.seq >= seq) return item.seq
  }
  return last
}

/** Waits until the window is there or has failed; false when `signal` ended the wait. */
function settled(timeline: Timeline, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (!signal.aborted && timeline.get().status === 'loading') return
      end()
      resolve(!signal.aborted)
    }
    const end = timeline.subscribe(look)
    signal.addEventListener('abort', look, { once: true })
    look()
  })
}

export interface GoTo {
  readonly target: Target | null
  /** A window somewhere else is being fetched. */
  readonly busy: boolean
  goTo(seq: number, mark?: boolean): void
  goToLatest(): void
}

/** Moves the window of a timeline, and says what is to be shown in it. */
export function useGoTo(timeline: Timeline, first: number | null): GoTo {
  const { t } = useTranslation()
  const toasts = useToasts()
  const [target, setTarget] = useState<Target | null>(null)
  const [busy, setBusy] = useState(first !== null)
  const running = useRef<AbortController | null>(null)

  const move = useCallback(
    async (open: () => Promise<void>): Promise<boolean> => {
      running.current?.abort()
      const control = new AbortController()
      running.current = control
      setBusy(true)
      await open().catch(() => undefined)
      const arrived = await settled(timeline, control.signal)
      if (arrived) setBusy(false)
      return arrived && timeline.get().status === 'ready'
    },
    [timeline],
  )
  const goTo = useCallback(
    (seq: number, mark = true) => {
      const here = () => timeline.get().items.some((item) => item.seq === seq)
      const show = () => {
        const found = nearest(timeline.get().items, seq)
        if (found !== undefined) setTarget({ seq: found, mark: mark && found === seq })
        if (mark && found !== seq) toasts.tell(t('conversation.messageGone'))
      }
      if (here()) {
        setBusy(false)
        return show()
      }
      void move(() => timeline.openAround(seq)).then((arrived) => arrived && show())
    },
    [timeline, move, toasts, t],
  )
  const goToLatest = useCallback(() => {
    void move(() => timeline.openLatest()).then(
      (arrived) => arrived && setTarget({ seq: 'end', mark: false }),
    )
  }, [timeline, move])

  // A change of the language makes a new `goTo`, and must not move anything.
  const latest = useRef(goTo)
  latest.current = goTo
  useEffect(() => {
    if (first !== null) latest.current(first)
  }, [first])
  useEffect(() => () => running.current?.abort(), [])
  return { target, busy, goTo, goToLatest }
}
