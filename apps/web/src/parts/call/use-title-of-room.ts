import { useMemo } from 'react'
import { useParley } from '../../app/context.ts'
import { useRoomTitle } from '../../hooks/use-room-title.ts'
import { useStore } from '../../hooks/use-store.ts'

const nowhere = { get: () => undefined, subscribe: () => () => undefined }

/** A room's name for a person; empty while it is not known. */
export function useTitleOfRoom(id: string | undefined): string {
  const parley = useParley()
  const title = useRoomTitle()
  const room = useStore(useMemo(() => (id === undefined ? nowhere : parley.room(id)), [parley, id]))
  return room === undefined ? '' : title(room)
}
