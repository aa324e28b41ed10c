/** Members named by `@username`, found before the append so that the log itself says who was meant. */
import type { Queryable } from '@parley/contracts'
import { MENTIONS_MAX } from '@parley/protocol'

const MENTION = /(?<![\p{L}\p{N}_.@-])@([a-z0-9][a-z0-9_.-]{1,30}[a-z0-9])/giu

export interface Mentioning {
  readonly room: string
  readonly body: string
}

/** Ids of the members each text names, one list an item; one query for all of them, none when nobody is named. */
export async function findMentions(reader: Queryable, texts: readonly Mentioning[]): Promise<string[][]> {
  const named = texts.map(({ body }) => namesIn(body))
  const keys = named.flatMap((names, index) => names.map((name) => ({ room: texts[index]?.room, name })))
  if (keys.length === 0) return texts.map(() => [])
  const { rows } = await reader.query<{ room_id: string; username: string; id: string }>(
    `select distinct m.room_id, u.username, u.id from unnest($1::text[], $2::text[]) as k(room_id, username)
     join rooms.users u on u.username = k.username
     join rooms.member m on m.user_id = u.id and m.room_id = k.room_id and m.ended_at is null`,
    [keys.map((key) => key.room), keys.map((key) => key.name)],
    'rooms.mentions',
  )
  const ids = new Map(rows.map((row) => [`${row.room_id} ${row.username}`, row.id]))
  return named.map((names, index) => names.flatMap((name) => ids.get(`${texts[index]?.room} ${name}`) ?? []))
}

function namesIn(body: string): string[] {
  if (!body.includes('@')) return []
  const names = new Set<string>()
  for (const match of body.matchAll(MENTION)) {
    if (match[1] !== undefined && names.size < MENTIONS_MAX) names.add(match[1].toLowerCase())
  }
  return [...names]
}
