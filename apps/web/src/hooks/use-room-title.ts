import type { Room } from '@parley/protocol'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

/** A room's name for a person: direct rooms are named like the other one. */
export function useRoomTitle(): (room: Pick<Room, 'kind' | 'name' | 'peer'>) => string {
  const { t } = useTranslation()
  return useCallback(
    (room) => {
      if (room.kind === 'direct') return room.peer?.display_name ?? t('conversation.unknownUser')
      return room.name === '' ? t('rooms.unnamed') : room.name
    },
    [t],
  )
}
