import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useRoute } from 'wouter'
import { useRoomTitle } from '../hooks/use-room-title.ts'
import { useFrameStore } from '../hooks/use-store.ts'
import { useParley } from './context.ts'
import { links } from './links.ts'

/** The tab says where one is and how many chats wait. */
export function usePageTitle(): void {
  const { t } = useTranslation()
  const title = useRoomTitle()
  const rooms = useFrameStore(useParley().rooms)
  const [path] = useLocation()
  const [, params] = useRoute('/r/:room/*?')
  const room = rooms.find((one) => one.id === params?.room)
  const waiting = rooms.filter((one) => (one.me?.unread ?? 0) > 0).length
  const screens: Record<string, string> = {
    [links.people]: t('nav.people'),
    [links.discover]: t('nav.discover'),
    [links.search]: t('nav.search'),
    [links.inbox]: t('nav.inbox'),
    [links.settings]: t('nav.settings'),
    [links.callTest]: t('nav.settings'),
  }
  const screen = room === undefined ? screens[path] : title(room)
  const text = screen === undefined ? t('app.name') : `${screen} · ${t('app.name')}`
  useEffect(() => {
    document.title = waiting === 0 ? text : t('app.titleUnread', { count: waiting, title: text })
  }, [text, waiting, t])
}
