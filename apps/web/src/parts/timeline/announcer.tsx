import type { TimelineItem } from '@parley/sdk/api'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { previewText } from '../files/preview-text.ts'

/** New messages are read out at most this often; several become a number. */
const everyMs = 2_000

/** Reads out what arrives. The list itself is silent: scrolling puts old messages into it. */
export function Announcer({
  items,
  hasNewer,
  me,
}: {
  items: readonly TimelineItem[]
  hasNewer: boolean
  me: string
}) {
  const { t } = useTranslation()
  const parley = useParley()
  const [text, setText] = useState('')
  const seen = useRef<number | null>(null)
  const waiting = useRef<{ from: string; text: string }[]>([])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)

  useEffect(() => {
    const newest = items.findLast((item) => item.seq !== null)?.seq ?? 0
    const before = seen.current
    seen.current = Math.max(newest, before ?? 0)
    if (before === null || before === 0 || hasNewer) return
    for (let index = items.length - 1; index >= 0; index--) {
      const item = items[index]
      if (item === undefined || (item.seq !== null && item.seq <= before)) break
      if (item.type === 'message' && item.seq !== null && item.from !== me)
        waiting.current.unshift({ from: item.from, text: previewText(item, t) })
    }
    if (waiting.current.length === 0) return
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      const [first, ...more] = waiting.current
      waiting.current = []
      if (first === undefined) return
      const name = parley.user(first.from).get()?.display_name ?? t('conversation.unknownUser')
      setText(
        more.length > 0
          ? t('conversation.announceMany', { count: more.length + 1 })
          : t('conversation.announce', { name, text: first.text }),
      )
    }, everyMs)
  }, [items, hasNewer, me, parley, t])
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      timer.current = undefined
    },
    [],
  )
  return (
    <p className="hidden" aria-live="polite">
      {text}
    </p>
  )
}
