import type { Cache, Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { type Message, ParleyError } from '@parley/protocol'
import { countFitting, cutNewest } from './cut-page.ts'
import { listNewestMessages } from './list-newest-messages.ts'
import { loadMessages, loadPage } from './load-messages.ts'
import { assertReader } from './read-room.ts'

type Contract = typeof roomsContract

/** A page of history, ascending. `more`: there are further messages in the direction asked for (either one, for `around`). */
export async function listMessages(
  database: Database,
  cache: Cache,
  input: InputOf<Contract, 'listMessages'>,
): Promise<OutputOf<Contract, 'listMessages'>> {
  const { user, room, limit, before, after, around } = input
  if (before === undefined && after === undefined && around === undefined)
    return listNewestMessages(database, cache, input)
  await assertReader(database, user, room)
  if (after !== undefined) {
    const found = await loadPage(database, user, room, { after }, limit + 1)
    const fitting = Math.min(limit, countFitting(found))
    return { messages: found.slice(0, fitting), more: found.length > fitting }
  }
  if (around !== undefined) return loadAround(database, input, around)
  return cutNewest(await loadPage(database, user, room, { before: before ?? 0 }, limit + 1), limit)
}

/** Half before, the rest from the place on; what one side lacks the other fills. */
async function loadAround(
  database: Database,
  { user, room, limit }: InputOf<Contract, 'listMessages'>,
  around: number,
): Promise<{ messages: Message[]; more: boolean }> {
  const [before, after] = await Promise.all([
    loadPage(database, user, room, { before: around }, limit + 1),
    loadPage(database, user, room, { after: around - 1 }, limit + 1),
  ])
  const half = Math.floor(limit / 2)
  const takeAfter = Math.min(countFitting(after), Math.max(limit - half, limit - before.length))
  const takeBefore = Math.min(countFitting(before.toReversed()), limit - takeAfter)
  return {
    messages: [...before.slice(before.length - takeBefore), ...after.slice(0, takeAfter)],
    more: takeBefore < before.length || takeAfter < after.length,
  }
}

export async function getMessage(
  database: Database,
  { user, room, seq }: InputOf<Contract, 'getMessage'>,
): Promise<{ message: Message }> {
  await assertReader(database, user, room)
  const [message] = await loadMessages(database, user, [{ room, seq }])
  if (message === undefined) throw new ParleyError('not_found')
  return { message }
}

/** Newest pin first. */
export async function listPins(
  database: Database,
  { user, room }: InputOf<Contract, 'listPins'>,
): Promise<{ messages: Message[] }> {
  await assertReader(database, user, room)
  const { rows } = await database.query<{ target: number; seq: number }>(
    'select target, seq from rooms.pin where room_id = $1 and active order by seq desc limit 200',
    [room],
  )
  const pinnedAt = new Map(rows.map((row) => [row.target, row.seq]))
  const messages = await loadMessages(
    database,
    user,
    rows.map((row) => ({ room, seq: row.target })),
  )
  return { messages: messages.sort((a, b) => (pinnedAt.get(b.seq) ?? 0) - (pinnedAt.get(a.seq) ?? 0)) }
}
