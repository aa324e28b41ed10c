import type { User } from '@parley/protocol'
import { type KeyboardEvent, type RefObject, useState } from 'react'
import { type Mentioning, mentioningAt, useMentions } from './use-mentions.ts'

export interface MentionBox {
  readonly users: readonly User[]
  readonly active: number
  /** True when the key was for the list. */
  onKey(event: KeyboardEvent): boolean
  /** The text or the caret changed. */
  look(): void
  choose(user: User): void
  close(): void
}

interface MentionOptions {
  readonly room: string
  readonly me: string
  readonly input: RefObject<HTMLTextAreaElement | null>
  readonly onText: (text: string, caret: number) => void
}

/** The list of people below an `@`: which are in it, which one is chosen, and what the keys do. */
export function useMentionBox({ room, me, input, onText }: MentionOptions): MentionBox {
  const [mentioning, setMentioning] = useState<Mentioning | null>(null)
  const [place, setPlace] = useState(0)
  const users = useMentions(room, me, mentioning)
  const active = Math.min(place, users.length - 1)
  const close = () => setMentioning(null)
  const choose = (user: User) => {
    const element = input.current
    if (element === null || mentioning === null) return
    const before = `${element.value.slice(0, mentioning.from)}@${user.username} `
    const after = element.value.slice(mentioning.from + 1 + mentioning.text.length).replace(/^ /, '')
    close()
    onText(before + after, before.length)
  }
  return {
    users,
    active,
    choose,
    close,
    look() {
      const element = input.current
      if (element === null || element.selectionStart !== element.selectionEnd) return close()
      const next = mentioningAt(element.value, element.selectionStart)
      if (next?.from !== mentioning?.from || next?.text !== mentioning?.text) setPlace(0)
      setMentioning(next)
    },
    onKey(event) {
      if (users.length === 0) return false
      const user = users[active]
      if (event.key === 'ArrowDown') setPlace((active + 1) % users.length)
      else if (event.key === 'ArrowUp') setPlace((active + users.length - 1) % users.length)
      else if (event.key === 'Escape') close()
      else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && user !== undefined)
        choose(user)
      else return false
      event.preventDefault()
      return true
    },
  }
}
