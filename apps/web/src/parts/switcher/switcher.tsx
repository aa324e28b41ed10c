import { foldText, type User } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { Bell, Compass, type LucideIcon, MessagesSquare, Search, Settings, UsersRound } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { useFoundPeople } from '../../hooks/use-found-people.ts'
import { useMe } from '../../hooks/use-people.ts'
import { useRoomTitle } from '../../hooks/use-room-title.ts'
import { useStartChat } from '../../hooks/use-start-chat.ts'
import { useStore } from '../../hooks/use-store.ts'
import { Avatar } from '../avatar.tsx'
import { Modal } from '../modal.tsx'
import styles from './switcher.module.css'

interface Choice {
  readonly key: string
  readonly group: 'switcherRooms' | 'switcherPeople' | 'switcherPages'
  readonly label: string
  readonly icon: ReactNode
  readonly go: () => void
}

const roomsShown = 7
const peopleShown = 5

/** Ctrl+K: to any chat, person or page with a few letters, without the mouse. */
export default function Switcher({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal open={open} onClose={onClose} title={t('rooms.switcher')} place="top">
      <SwitcherBox onClose={onClose} />
    </Modal>
  )
}

function SwitcherBox({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const choices = useChoices(text)
  const index = Math.min(at, Math.max(0, choices.length - 1))
  const take = (choice: Choice | undefined) => {
    if (choice === undefined) return
    onClose()
    choice.go()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Enter') take(choices[index])
    else if (step === undefined) return
    else setAt((index + step + choices.length) % Math.max(1, choices.length))
    event.preventDefault()
  }
  return (
    <div className={styles.switcher}>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={choices.length === 0 ? undefined : `${id}-${index}`}
        aria-autocomplete="list"
        aria-label={t('rooms.switcher')}
        placeholder={t('rooms.switcherPlaceholder')}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} role="listbox" aria-label={t('rooms.switcher')} className={styles.list}>
        {choices.map((choice, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard by the input, which keeps the focus.
          <div
            key={choice.key}
            id={`${id}-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === index}
            className={styles.choice}
            onMouseMove={() => setAt(place)}
            onClick={() => take(choice)}
          >
            {choice.icon}
            <span className={styles.label}>{choice.label}</span>
            <span className={styles.group}>{t(`rooms.${choice.group}`)}</span>
          </div>
        ))}
      </div>
      {choices.length === 0 ? <p className={styles.empty}>{t('rooms.switcherEmpty')}</p> : null}
    </div>
  )
}

function useChoices(text: string): readonly Choice[] {
  const { t } = useTranslation()
  const parley = useParley()
  const me = useMe()
  const title = useRoomTitle()
  const start = useStartChat()
  const [, navigate] = useLocation()
  const rooms = useStore(parley.rooms)
  const { people } = useFoundPeople(text)
  return useMemo(() => {
    const wanted = foldText(text.trim())
    const fits = (label: string) => foldText(label).includes(wanted)
    const chats = rooms.filter((room) => fits(title(room)) || (room.peer?.username.includes(wanted) ?? false))
    const known = new Set(rooms.flatMap((room) => room.peer?.id ?? []))
    const strangers = people.filter((user) => user.id !== me.id && !known.has(user.id))
    const pages: readonly (readonly [string, string, LucideIcon])[] = [
      [t('nav.inbox'), links.inbox, Bell],
      [t('nav.people'), links.people, UsersRound],
      [t('nav.discover'), links.discover, Compass],
      [t('nav.search'), links.search, Search],
      [t('nav.settings'), links.settings, Settings],
      [t('nav.chats'), links.home, MessagesSquare],
    ]
    return [
      ...chats
        .slice(0, roomsShown)
        .map((room) => roomChoice(room, title(room), () => navigate(links.room(room.id)))),
      ...strangers.slice(0, peopleShown).map((user) => personChoice(user, () => void start(user.username))),
      ...pages
        .filter(([label]) => wanted !== '' && fits(label))
        .map(
          ([label, path, Icon]): Choice => ({
            key: path,
            group: 'switcherPages',
            label,
            go: () => navigate(path),
            icon: (
              <span className={styles.icon}>
                <Icon size={16} aria-hidden="true" />
              </span>
            ),
          }),
        ),
    ]
  }, [text, rooms, people, me.id, title, start, navigate, t])
}

function roomChoice(room: RoomState, label: string, go: () => void): Choice {
  const icon = (
    <Avatar
      id={room.peer?.id ?? room.id}
      name={label}
      kind={room.kind}
      size={26}
      picture={room.peer === undefined ? room.picture_url : room.peer.avatar_url}
    />
  )
  return { key: room.id, group: 'switcherRooms', label, go, icon }
}

function personChoice(user: User, go: () => void): Choice {
  const icon = <Avatar id={user.id} name={user.display_name} size={26} picture={user.avatar_url} />
  return { key: user.id, group: 'switcherPeople', label: `${user.display_name} @${user.username}`, go, icon }
}
