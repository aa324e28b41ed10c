import type { RoomState } from '@parley/sdk/api'
import { type KeyboardEvent, useRef, useState } from 'react'
import styles from './room-list.module.css'
import { RoomRow } from './room-row.tsx'

/** One stop for the Tab key; the arrows move inside. */
export function RoomList({ rooms, active }: { rooms: readonly RoomState[]; active: string | undefined }) {
  const list = useRef<HTMLUListElement>(null)
  const [focused, setFocused] = useState<string>()
  const stop = [focused, active].find((id) => rooms.some((room) => room.id === id)) ?? rooms[0]?.id

  const onKeyDown = (event: KeyboardEvent) => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('a[data-room]') ?? [])]
    const here = rows.indexOf(document.activeElement as HTMLElement)
    const target = {
      ArrowDown: rows[Math.min(here + 1, rows.length - 1)],
      ArrowUp: rows[Math.max(here - 1, 0)],
      Home: rows[0],
      End: rows.at(-1),
    }[event.key]
    if (here === -1 || target === undefined) return
    event.preventDefault()
    target.focus()
  }

  return (
    <ul ref={list} className={styles.list} onKeyDown={onKeyDown}>
      {rooms.map((room) => (
        <RoomRow
          key={room.id}
          room={room}
          active={room.id === active}
          tabIndex={room.id === stop ? 0 : -1}
          onFocus={setFocused}
        />
      ))}
    </ul>
  )
}
