import type { RoomState } from '@parley/sdk/api'
import { Phone, Video } from 'lucide-react'
import { useMedia } from '../../hooks/use-media.ts'
import { useOpenPreJoin } from '../call/pre-join-store.ts'
import { IconButton } from '../icon-button.tsx'
import { Menu } from '../menu.tsx'
import { useAroundTexts } from './around-texts.ts'
import { useMayStartCall } from './may-call.ts'
import { useCallOf } from './use-call-of.ts'

/** Starts a call; not where one goes on already (its banner leads into it) nor where one may not. */
export function CallButtons({ room }: { room: RoomState }) {
  const { t } = useAroundTexts()
  const may = useMayStartCall(room.me?.role)
  const going = useCallOf(room.id) !== undefined
  const openPreJoin = useOpenPreJoin()
  const narrow = useMedia('(width < 30rem)')
  if (!may || going) return null
  // A browser that cannot call is told why by the dialog.
  const start = (media: 'sound' | 'video') => () => openPreJoin({ room: room.id, media })
  if (narrow)
    return (
      <Menu
        trigger={<IconButton icon={Phone} label={t('header.start')} />}
        items={[
          { key: 'sound', icon: Phone, label: t('header.call'), onSelect: start('sound') },
          { key: 'video', icon: Video, label: t('header.video'), onSelect: start('video') },
        ]}
      />
    )
  return (
    <>
      <IconButton icon={Phone} label={t('header.call')} onClick={start('sound')} />
      <IconButton icon={Video} label={t('header.video')} size={20} onClick={start('video')} />
    </>
  )
}
