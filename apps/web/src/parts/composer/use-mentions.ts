import { foldText, type User } from '@parley/protocol'
import { useEffect, useMemo, useState } from 'react'
import { useParley } from '../../app/context.ts'

const shownMost = 6
/** Members that are read to complete a name: more would be a long list for one letter. */
const pagesMost = 4

export interface Mentioning {
  /** Where the `@` stands. */
  readonly from: number
  readonly text: string
}

/** The name being typed before the caret, if it is one. */
export function mentioningAt(text: string, caret: number): Mentioning | null {
  const found = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,32})$/u.exec(text.slice(0, caret))
  const name = found?.[1]
  return name === undefined ? null : { from: caret - name.length - 1, text: name }
}

/** Members whose names fit; they are asked for when the first `@` is typed. */
export function useMentions(room: string, me: string, mentioning: Mentioning | null): readonly User[] {
  const parley = useParley()
  const [members, setMembers] = useState<readonly User[] | null>(null)
  const wanted = mentioning !== null && members === null
  useEffect(() => {
    if (!wanted) return
    let current = true
    const read = async () => {
      const found: User[] = []
      let cursor: string | undefined
      for (let pages = 0; pages < pagesMost; pages++) {
        const page = await parley.members(room, cursor)
        found.push(...page.items.map((member) => member.user))
        cursor = page.next
        if (cursor === undefined) break
      }
      if (current) setMembers(found)
    }
    // Without the list one can still type the name.
    read().catch(() => undefined)
    return () => {
      current = false
    }
  }, [wanted, parley, room])
  const typed = mentioning?.text
  return useMemo(() => {
    if (typed === undefined || members === null) return []
    const part = foldText(typed)
    const fits = (user: User) =>
      user.username.includes(part) ||
      foldText(user.display_name)
        .split(/\s+/u)
        .some((word) => word.startsWith(part))
    const begins = (user: User) => (user.username.startsWith(part) ? 0 : 1)
    return members
      .filter((user) => user.id !== me && fits(user))
      .sort((a, b) => begins(a) - begins(b))
      .slice(0, shownMost)
  }, [typed, members, me])
}
