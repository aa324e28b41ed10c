/** Beginnings of messages for who may read them, as they are now: nobody keeps a copy that a deletion would miss. */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { type Message, PREVIEW_MAX_CHARS } from '@parley/protocol'
import { loadMessages } from './load-messages.ts'

type Contract = typeof roomsContract

export async function listPreviews(
  database: Database,
  { places }: InputOf<Contract, 'listPreviews'>,
): Promise<OutputOf<Contract, 'listPreviews'>> {
  if (places.length === 0) return { previews: [] }
  const { rows } = await database.query<{ n: number; name: string; first_seq: number }>(
    `select i.n::int, r.name, r.first_seq from unnest($1::text[], $2::text[]) with ordinality as i(user_id, room_id, n)
     join rooms.member m on m.room_id = i.room_id and m.user_id = i.user_id and m.ended_at is null
     join rooms.room r on r.id = m.room_id and r.deleted_at is null`,
    [places.map(({ user }) => user), places.map(({ room }) => room)],
    'rooms.preview-rooms',
  )
  const found = new Map(rows.map((row) => [row.n - 1, row]))
  const wanted = new Map(
    places.flatMap(({ room, seq }, n) => (found.has(n) ? [[`${room} ${seq}`, { room, seq }]] : [])),
  )
  const messages = await loadMessages(database, '', [...wanted.values()])
  const texts = new Map(messages.map((message) => [`${message.room} ${message.seq}`, textOf(message)]))
  return {
    previews: places.map(({ room, seq }, n) => {
      const facts = found.get(n)
      if (facts === undefined || seq < facts.first_seq) return ''
      return texts.get(`${room} ${seq}`) ?? facts.name
    }),
  }
}

/** On one line, the names of its files where it has no words; a deleted message has neither. */
function textOf({ body, files = [] }: Message): string {
  const text = body === '' ? files.map(({ name }) => name).join(', ') : body
  const characters = [...text.replace(/\s+/g, ' ')]
  if (characters.length <= PREVIEW_MAX_CHARS) return characters.join('')
  return `${characters.slice(0, PREVIEW_MAX_CHARS - 1).join('')}…`
}
