import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useRoute } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { useUser } from '../../hooks/use-people.ts'
import { useStore } from '../../hooks/use-store.ts'
import { plainText } from '../markdown/plain-text.ts'
import { useToasts } from '../toasts.tsx'
import { useSentence } from './use-sentence.ts'

/** Says shortly what has just come, unless its room, or the inbox, is what one looks at. */
export function useAlerts(): void {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const sentence = useSentence()
  const { alert } = useStore(parley.inbox)
  const author = useUser(alert?.from)
  const [inInbox] = useRoute(links.inbox)
  const [, params] = useRoute('/r/:room/*?')
  const told = useRef(alert?.id)
  useEffect(() => {
    if (alert === null || alert.id === told.current || author === undefined) return
    told.current = alert.id
    if (inInbox || params?.room === alert.room) return
    const head = sentence(alert.kind, author.display_name, parley.room(alert.room).get())
    const text = alert.kind === 'added' || alert.kind === 'call' ? '' : plainText(alert.preview)
    toasts.tell(text === '' ? head : t('inbox.alert', { head, text }))
  }, [alert, author, inInbox, params, parley, sentence, toasts, t])
}
