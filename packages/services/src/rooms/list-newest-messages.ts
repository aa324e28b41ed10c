/**
 * The page everybody opens a room with. It may come from the cache, under this rule: what a page shows is a function of
 * the room's mark (head, first, and the transaction and time that made the head), because whatever changes a message
 * moves the head in the same commit. Who changes messages without an entry (retention, erasure) must touch one of the
 * four columns. One statement reads the asker's membership and the mark together; a cached page with exactly that mark
 * is therefore what the database showed in that very moment, and nobody gets it whose membership had ended by then.
 *
 * The mark that a page is stored under was read by the statement that read its messages: taken before, it would hand
 * new messages to somebody whose membership had ended with the old mark; taken after, it would sell old ones as new.
 */
import {
  type Cache,
  type Database,
  type InputOf,
  noCache,
  type OutputOf,
  type roomsContract,
} from '@parley/contracts'
import { LIST_DEFAULT_ITEMS, type Message, ParleyError, type Role, type RoomKind } from '@parley/protocol'
import { cutNewest } from './cut-page.ts'
import { MESSAGE_COLUMNS, MESSAGE_JOINS, type MessageRow, toMessage } from './load-messages.ts'
import { assertMember } from './write-room.ts'

type Contract = typeof roomsContract
type Input = InputOf<Contract, 'listMessages'>

/** A longer page goes to the database: clients open a room with the default. */
const CACHED_MAX_MESSAGES = LIST_DEFAULT_ITEMS
/** UTF-16 units of the stored text. A page of long messages costs as much to fetch from a cache as from the database. */
const CACHED_MAX_CHARS = 128 * 1024
/** What was deleted lies unread in the cache at most this long; a page that is asked for is renewed at the next entry anyway. */
const CACHED_MAX_MS = 60_000

interface RoomNow {
  kind: RoomKind
  role: Role | null
  mark: string
}

interface CachedPage {
  readonly room: string
  readonly mark: string
  /** One more than the longest page, if there are that many: it tells whether there are more. `mine` is always false. */
  readonly messages: Message[]
}

const ROOM_NOW = `r.kind, m.role,
  concat_ws('.', r.head_seq, r.first_seq, r.changed, (extract(epoch from r.last_at) * 1000)::bigint) as mark, r.first_seq
  from rooms.room r
  left join rooms.member m on m.room_id = r.id and m.user_id = $1 and m.ended_at is null
  where r.id = $2 and r.deleted_at is null`

/** Throws as `assertReader`. Without a cache: one statement. With one: the same, or one primary-key read. */
export async function listNewestMessages(
  database: Database,
  cache: Cache,
  { user, room, limit }: Input,
): Promise<OutputOf<Contract, 'listMessages'>> {
  if (cache === noCache || limit > CACHED_MAX_MESSAGES)
    return cutNewest((await readNewest(database, user, room, limit + 1)).messages, limit)
  const key = `rooms.newest.1.${room}`
  const cached = parsePage(await cache.get(key), room)
  if (cached !== undefined) {
    const { mark, mine } = await readRoomNow(database, user, room, cached.messages)
    if (mark === cached.mark) return cutNewest(markMine(cached.messages, mine).slice(-limit - 1), limit)
  }
  const found = await readNewest(database, user, room, CACHED_MAX_MESSAGES + 1)
  const page: CachedPage = { room, mark: found.mark, messages: found.messages.map(withoutMine) }
  const text = JSON.stringify(page)
  if (text.length <= CACHED_MAX_CHARS) cache.set(key, text, CACHED_MAX_MS)
  return cutNewest(found.messages.slice(-limit - 1), limit)
}

/** Undefined for what cannot be one of ours. */
function parsePage(text: string | undefined, room: string): CachedPage | undefined {
  if (text === undefined) return undefined
  try {
    const page = JSON.parse(text) as CachedPage
    return page.room === room && Array.isArray(page.messages) ? page : undefined
  } catch {
    return undefined
  }
}

/** Membership and mark, and which of the cached reactions are this user's: all of one moment. */
async function readRoomNow(
  database: Database,
  user: string,
  room: string,
  messages: readonly Message[],
): Promise<{ mark: string; mine: ReadonlySet<string> }> {
  const reactions = messages.flatMap(({ seq, reactions }) => reactions.map(({ emoji }) => ({ seq, emoji })))
  const { rows } = await database.query<RoomNow & { mine: string[] | null }>(
    `select (select array_agg(x.target || ' ' || x.emoji) from unnest($3::bigint[], $4::text[]) as k(target, emoji)
       join rooms.reaction x on x.room_id = $2 and x.target = k.target and x.emoji = k.emoji and x.user_id = $1 and x.active) as mine,
       ${ROOM_NOW}`,
    [user, room, reactions.map(({ seq }) => seq), reactions.map(({ emoji }) => emoji)],
    'rooms.room-now',
  )
  return { mark: assertRoom(rows[0]).mark, mine: new Set(rows[0]?.mine ?? []) }
}

/** Membership, mark and messages of one moment. */
async function readNewest(
  database: Database,
  user: string,
  room: string,
  limit: number,
): Promise<{ mark: string; messages: Message[] }> {
  const { rows } = await database.query<RoomNow & (MessageRow | { seq: null })>(
    `with room as materialized (select ${ROOM_NOW}),
     picked as materialized (
       select e.* from rooms.log e
       where e.room_id = $2 and e.kind = 'message' and (select role from room) is not null
         and e.seq >= (select first_seq from room)
       order by e.seq desc limit $3)
     select room.*, ${MESSAGE_COLUMNS} from room left join picked e on true ${MESSAGE_JOINS} order by e.seq`,
    [user, room, limit],
    'rooms.newest',
  )
  const { mark } = assertRoom(rows[0])
  return { mark, messages: rows.flatMap((row) => (row.seq === null ? [] : [toMessage(row)])) }
}

function assertRoom(row: RoomNow | undefined): RoomNow {
  if (row === undefined) throw new ParleyError('not_found')
  assertMember(row)
  return row
}

function withoutMine(message: Message): Message {
  return { ...message, reactions: message.reactions.map((reaction) => ({ ...reaction, mine: false })) }
}

function markMine(messages: readonly Message[], mine: ReadonlySet<string>): Message[] {
  if (mine.size === 0) return [...messages]
  return messages.map((message) => ({
    ...message,
    reactions: message.reactions.map((reaction) => ({
      ...reaction,
      mine: mine.has(`${message.seq} ${reaction.emoji}`),
    })),
  }))
}
