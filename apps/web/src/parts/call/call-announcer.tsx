import type { CurrentCall } from '@parley/sdk/calls/call-types'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { type News, newsBetween } from './call-news.ts'

/** Tells a screen reader who comes, goes and falls silent. */
export function CallAnnouncer({ current }: { current: CurrentCall }) {
  const { t } = useTranslation()
  const { t: tc } = useTranslation('call')
  const parley = useParley()
  const before = useRef(current)
  const [text, setText] = useState('')
  useEffect(() => {
    const news = newsBetween(before.current, current)
    before.current = current
    if (news.length === 0) return
    const sentence = ({ kind, user }: News) =>
      tc(`news.${kind}`, {
        name:
          (user === null ? undefined : parley.user(user).get()?.display_name) ??
          t('conversation.unknownUser'),
      })
    setText(news.map(sentence).join(' '))
  }, [current, parley, t, tc])
  return (
    <p className="hidden" role="status">
      {text}
    </p>
  )
}
