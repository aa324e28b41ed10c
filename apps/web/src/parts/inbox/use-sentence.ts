import type { NotificationKind, Room } from '@parley/protocol'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useRoomTitle } from '../../hooks/use-room-title.ts'

/** Who did what where, in one line; without the place where it is not known here. */
export function useSentence(): (kind: NotificationKind, name: string, room: Room | undefined) => string {
  const { t } = useTranslation()
  const title = useRoomTitle()
  return useCallback(
    (kind, name, room) => {
      if (kind === 'direct') return t('inbox.direct', { name })
      // Where one talks with them alone, the name says it all.
      if (room === undefined || (kind === 'call' && room.kind === 'direct'))
        return t(`inbox.${kind}Anywhere`, { name })
      return t(`inbox.${kind}`, { name, room: title(room) })
    },
    [t, title],
  )
}
