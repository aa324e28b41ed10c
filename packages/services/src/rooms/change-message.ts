/** Edits, deletions, reactions and pins: each finds its message under the room's lock and takes the next number. */
import type { InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { type Entry, ParleyError, REACTIONS_MAX_PER_MESSAGE, type Role } from '@parley/protocol'
import { dropAttachments } from './attachments.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { findMentions } from './find-mentions.ts'
import { keepHeld } from './keep-held.ts'
import { changeEntries } from './log-tables.ts'
import {
  assertWriter,
  findRepetition,
  isModerator,
  type RoomWriter,
  readEntry,
  type WriteRoom,
} from './write-room.ts'

type Verbs = 'editMessage' | 'deleteMessage' | 'react' | 'unreact' | 'pin' | 'unpin'
type Appended = OutputOf<typeof roomsContract, 'editMessage'>
export type ChangeMessage = {
  readonly [V in Verbs]: (input: InputOf<typeof roomsContract, V>) => Promise<Appended>
}

interface Target {
  readonly has_files: boolean
  readonly sender: string
  readonly redacted: boolean
}

interface Change {
  readonly user: string
  readonly room: string
  readonly target: number
  readonly client_id?: string | undefined
}

/** What a change finds once the room is locked, the caller may write and it is not a repetition. */
interface Found {
  readonly writer: RoomWriter
  readonly role: Role
  readonly message: Target
}

export function createChangeMessage(
  { files, log }: Pick<RoomsDependencies, 'files' | 'log'>,
  write: WriteRoom,
): ChangeMessage {
  const change = (input: Change, work: (found: Found) => Promise<Appended>): Promise<Appended> =>
    write(input.room, input.user, async (writer) => {
      // A repetition is answered with its first result even after its author was removed.
      const repeated = await findRepetition(writer, input.room, input.user, input.client_id)
      if (repeated !== undefined) return { entry: repeated, fresh: false }
      const role = assertWriter(writer.room)
      const { rows } = await writer.query<Target>(
        `select sender, redacted, coalesce(data ? 'files', false) as has_files from rooms.log where room_id = $1 and seq = $2 and kind = 'message'`,
        [input.room, input.target],
        'rooms.target',
      )
      if (rows[0] === undefined || input.target < writer.room.first_seq)
        throw new ParleyError('not_found', { message: 'There is no such message in this room.' })
      return work({ writer, role, message: rows[0] })
    })

  return {
    editMessage: (input) => change(input, (found) => editMessage(input, found)),
    deleteMessage: (input) =>
      change(input, (found) =>
        deleteMessage(input, found, (ids) => {
          // At once where it can be; otherwise the files service finds them by itself.
          files.dropFiles({ ids }).catch((error: unknown) => {
            log.debug({ error: String(error) }, 'files of a deleted message are removed later')
          })
        }),
      ),
    react: (input) => change(input, (found) => react(input, found)),
    unreact: (input) => change(input, (found) => unreact(input, found)),
    pin: (input) => change(input, (found) => setPin(input, found, true)),
    unpin: (input) => change(input, (found) => setPin(input, found, false)),
  }
}

const fresh = ([entry]: Entry[]): Appended => ({ entry: entry as Entry, fresh: true })

function assertNotDeleted(message: Target): void {
  if (message.redacted) throw new ParleyError('conflict', { message: 'This message was deleted.' })
}

async function editMessage(input: Change & { body: string }, { writer, message }: Found): Promise<Appended> {
  if (message.sender !== input.user)
    throw new ParleyError('forbidden', { message: 'Only its author may edit a message.' })
  assertNotDeleted(message)
  if (input.body === '' && !message.has_files)
    throw new ParleyError('invalid_request', { details: { fields: { body: 'must not be empty' } } })
  const [mentions = []] = await findMentions(writer, [input])
  const data = mentions.length === 0 ? null : { mentions }
  const entries = await writer.append([
    {
      kind: 'edit',
      sender: input.user,
      client_id: input.client_id,
      body: input.body,
      target: input.target,
      data,
    },
  ])
  const { entry } = fresh(entries)
  await changeEntries(
    writer,
    { set: 'edit_seq = $3', where: 'room_id = $1 and seq = $2' },
    [input.room, input.target, entry.seq],
    'rooms.edit',
  )
  await writer.query(
    'update rooms.search set folded = public.parley_fold($3) where room_id = $1 and seq = $2',
    [input.room, input.target, input.body],
    'rooms.edit-search',
  )
  return { entry, fresh: true }
}

async function deleteMessage(
  input: Change,
  { writer, role, message }: Found,
  dropFiles: (ids: string[]) => void,
): Promise<Appended> {
  if (message.sender !== input.user && !isModerator(role)) throw new ParleyError('forbidden')
  if (message.redacted) {
    const { rows } = await writer.query<{ seq: number }>(
      `select seq from rooms.log where room_id = $1 and target = $2 and kind = 'delete'`,
      [input.room, input.target],
    )
    return { entry: await readEntry(writer, input.room, rows[0]?.seq ?? input.target), fresh: false }
  }
  await keepHeld(writer, { rooms: [input.room], seqs: [input.target] })
  const dropped = message.has_files ? await dropAttachments(writer, input.room, [input.target]) : []
  // The words go in the same transaction: what was deleted can be read nowhere, the log's old entries included.
  await changeEntries(
    writer,
    {
      set: `body = '', redacted = true, data = data - 'mentions' - 'files'`,
      where: `room_id = $1 and (seq = $2 or (target = $2 and kind = 'edit'))`,
    },
    [input.room, input.target],
    'rooms.delete',
  )
  for (const table of ['reaction', 'pin']) {
    await writer.query(`delete from rooms.${table} where room_id = $1 and target = $2`, [
      input.room,
      input.target,
    ])
  }
  await writer.query('delete from rooms.search where room_id = $1 and seq = $2', [input.room, input.target])
  if (dropped.length > 0) writer.afterCommit(() => dropFiles(dropped))
  return fresh(
    await writer.append([
      { kind: 'delete', sender: input.user, client_id: input.client_id, target: input.target },
    ]),
  )
}

interface ReactionRow {
  seq: number
  active: boolean
}

async function findReaction(
  writer: RoomWriter,
  input: Change & { emoji: string },
): Promise<ReactionRow | undefined> {
  const { rows } = await writer.query<ReactionRow>(
    'select seq, active from rooms.reaction where room_id = $1 and target = $2 and emoji = $3 and user_id = $4',
    [input.room, input.target, input.emoji, input.user],
    'rooms.reaction',
  )
  return rows[0]
}

async function storeReaction(
  writer: RoomWriter,
  input: Change & { emoji: string },
  active: boolean,
): Promise<Appended> {
  const kind = active ? 'react' : 'unreact'
  const appended = fresh(
    await writer.append([
      {
        kind,
        sender: input.user,
        client_id: input.client_id,
        target: input.target,
        data: { emoji: input.emoji },
      },
    ]),
  )
  await writer.query(
    `insert into rooms.reaction (room_id, target, emoji, user_id, seq, active) values ($1, $2, $3, $4, $5, $6)
     on conflict (room_id, target, emoji, user_id) do update set seq = excluded.seq, active = excluded.active`,
    [input.room, input.target, input.emoji, input.user, appended.entry.seq, active],
    'rooms.store-reaction',
  )
  return appended
}

async function react(input: Change & { emoji: string }, { writer, message }: Found): Promise<Appended> {
  assertNotDeleted(message)
  const present = await findReaction(writer, input)
  if (present?.active) return { entry: await readEntry(writer, input.room, present.seq), fresh: false }
  const { rows } = await writer.query<{ kinds: number; known: boolean }>(
    `select count(distinct emoji)::int as kinds, coalesce(bool_or(emoji = $3), false) as known
     from rooms.reaction where room_id = $1 and target = $2 and active`,
    [input.room, input.target, input.emoji],
  )
  if ((rows[0]?.kinds ?? 0) >= REACTIONS_MAX_PER_MESSAGE && !rows[0]?.known) {
    throw new ParleyError('invalid_request', {
      details: { fields: { emoji: `at most ${REACTIONS_MAX_PER_MESSAGE} different ones on a message` } },
    })
  }
  return storeReaction(writer, input, true)
}

async function unreact(input: Change & { emoji: string }, { writer }: Found): Promise<Appended> {
  const present = await findReaction(writer, input)
  if (present === undefined) throw new ParleyError('not_found', { message: 'You have not reacted so.' })
  if (!present.active) return { entry: await readEntry(writer, input.room, present.seq), fresh: false }
  return storeReaction(writer, input, false)
}

async function setPin(input: Change, { writer, role, message }: Found, active: boolean): Promise<Appended> {
  // In a public room pins speak for the house; among people who invited each other anyone may pin.
  if (writer.room.kind === 'public' && !isModerator(role)) throw new ParleyError('forbidden')
  if (active) assertNotDeleted(message)
  const { rows } = await writer.query<ReactionRow>(
    'select seq, active from rooms.pin where room_id = $1 and target = $2',
    [input.room, input.target],
  )
  const present = rows[0]
  if (present === undefined && !active)
    throw new ParleyError('not_found', { message: 'This message is not pinned.' })
  if (present?.active === active)
    return { entry: await readEntry(writer, input.room, present.seq), fresh: false }
  const appended = fresh(
    await writer.append([
      {
        kind: active ? 'pin' : 'unpin',
        sender: input.user,
        client_id: input.client_id,
        target: input.target,
      },
    ]),
  )
  await writer.query(
    `insert into rooms.pin (room_id, target, seq, active) values ($1, $2, $3, $4)
     on conflict (room_id, target) do update set seq = excluded.seq, active = excluded.active`,
    [input.room, input.target, appended.entry.seq, active],
  )
  return appended
}
