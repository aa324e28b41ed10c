/** Writes a digest at the moment it is sent: only what is unread then, and open to its reader then. */
import type { authContract, OutputOf, WrittenMail } from '@parley/contracts'
import { ParleyError, type Room } from '@parley/protocol'
import { z } from 'zod'
import { claimMail, LETTER_MAX_AGE_MS, settleMail } from '../../shared/mail/outbox.ts'
import { type MailTexts, mailTexts } from '../../shared/mail/texts.ts'
import { cleanWords } from '../../shared/mail/words.ts'
import { type LetterPart, writeLetter } from '../../shared/mail/write-letter.ts'
import type { MailDependencies, NotificationsDependencies } from '../dependencies.ts'
import { followMarks } from '../follow-read.ts'
import { ITEM_COLUMNS, type ItemRow } from '../inbox.ts'
import { DIGEST_MAX_AGE_MS } from './schedule-digests.ts'
import { readMailKey, signUnsubscribe } from './unsubscribe.ts'

/** Newest first; a letter is a reminder, not an archive. */
const SHOWN_MAX_ITEMS = 20
const WORDS_MAX_CHARS = 300

const aboutDigest = z.object({ user: z.string() })

interface ShownItem {
  readonly row: ItemRow
  readonly preview: string
  readonly room: Room
  readonly name: string
}

type Recipient = NonNullable<OutputOf<typeof authContract, 'mailRecipient'>['recipient']>

export async function composeDigest(
  dependencies: NotificationsDependencies,
  mail: MailDependencies,
  id: string,
): Promise<WrittenMail | null> {
  const { database, clock } = dependencies
  const row = await claimMail(database, 'notifications', clock.now(), id)
  if (row === undefined) return null
  const isLate = row.created_at <= clock.now() - LETTER_MAX_AGE_MS
  const { user } = aboutDigest.parse(row.about)
  const written = isLate ? undefined : await write(dependencies, mail, id, user)
  if (written !== undefined) return written
  await settleMail(database, 'notifications', clock.now(), { id, outcome: 'dropped' })
  return null
}

async function write(
  dependencies: NotificationsDependencies,
  mail: MailDependencies,
  id: string,
  user: string,
): Promise<WrittenMail | undefined> {
  const { recipient } = await mail.auth.mailRecipient({ user })
  if (recipient === null) return undefined
  await followMarks(dependencies, user)
  const rows = await takeItems(dependencies, id, user)
  const shown = await open(dependencies, user, rows.slice(0, SHOWN_MAX_ITEMS))
  if (shown.length === 0) return undefined
  const token = signUnsubscribe(await readMailKey(dependencies.database), user)
  const unsubscribeUrl = `${mail.publicUrl}/api/v1/mail/unsubscribe?token=${token}`
  const hidden = Math.max(0, rows.length - SHOWN_MAX_ITEMS)
  return {
    to: recipient.address,
    ...writeDigest({ recipient, shown, hidden, publicUrl: mail.publicUrl, unsubscribeUrl }),
    unsubscribe_url: unsubscribeUrl,
  }
}

/** Newest first: what this letter tells, the same after a repetition but for what was read meanwhile. None when it was unsubscribed. */
async function takeItems(
  { database, clock }: NotificationsDependencies,
  id: string,
  user: string,
): Promise<ItemRow[]> {
  const { rows } = await database.query<ItemRow>(
    `update notifications.item i set digest = $2 from notifications.person p
     where i.user_id = $1 and i.read_at is null and (i.digest is null or i.digest = $2) and i.at >= $3
       and p.user_id = $1 and p.digest_every_ms <> 0
       and not exists (select 1 from notifications.level l
         where l.user_id = $1 and l.room_id = i.room_id and l.level = 'none')
     returning ${ITEM_COLUMNS.split(', ')
       .map((column) => `i.${column}`)
       .join(', ')}`,
    [user, id, clock.now() - DIGEST_MAX_AGE_MS],
    'notifications.take-digest',
  )
  return rows.toSorted((a, b) => b.at - a.at || b.seq - a.seq)
}

/** With their words, names and rooms, as far as these are open to the reader. */
async function open(
  { rooms, auth }: NotificationsDependencies,
  user: string,
  rows: readonly ItemRow[],
): Promise<ShownItem[]> {
  if (rows.length === 0) return []
  const roomIds = [...new Set(rows.map((row) => row.room_id))]
  const [{ previews }, { users }, found] = await Promise.all([
    rooms.listPreviews({ places: rows.map((row) => ({ user, room: row.room_id, seq: row.seq })) }),
    auth.getUsers({ ids: [...new Set(rows.map((row) => row.sender))] }),
    Promise.all(roomIds.map((room) => rooms.getRoom({ user, room }).catch(nothingIfClosed))),
  ])
  const names = new Map(users.map((one) => [one.id, one.display_name]))
  const open = new Map(
    found.flatMap((one) => (one?.room.me === undefined ? [] : [[one.room.id, one.room] as const])),
  )
  return rows.flatMap((row, n) => {
    const room = open.get(row.room_id)
    if (room === undefined) return []
    return [{ row, preview: previews[n] ?? '', room, name: names.get(row.sender) ?? '' }]
  })
}

function nothingIfClosed(error: unknown): undefined {
  if (error instanceof ParleyError && (error.code === 'not_found' || error.code === 'not_member'))
    return undefined
  throw error
}

interface DigestPlan {
  readonly recipient: Recipient
  readonly shown: readonly ShownItem[]
  readonly hidden: number
  readonly publicUrl: string
  readonly unsubscribeUrl: string
}

export function writeDigest({ recipient, shown, hidden, publicUrl, unsubscribeUrl }: DigestPlan) {
  const { locale } = recipient
  const texts = mailTexts[locale]
  const count = shown.length + hidden
  const parts: LetterPart[] = [
    { type: 'words', text: texts.hello(cleanWords(recipient.name)) },
    { type: 'words', text: texts.digest.words(count) },
  ]
  for (const [room, items] of Map.groupBy(shown, (item) => item.room)) {
    parts.push({ type: 'heading', text: titleOf(room, texts) })
    // As one reads a conversation: the oldest first.
    for (const item of items.toReversed()) parts.push(partOf(item, texts))
  }
  if (hidden > 0) parts.push({ type: 'words', text: texts.digest.more(hidden) })
  parts.push(
    { type: 'link', label: texts.digest.action, url: `${publicUrl}/inbox` },
    { type: 'small', text: texts.digest.why },
    { type: 'small', text: texts.digest.unsubscribe, url: unsubscribeUrl },
    { type: 'small', text: texts.from(new URL(publicUrl).host) },
  )
  return writeLetter({ locale, subject: texts.digest.subject(count), parts })
}

function titleOf(room: Room, texts: MailTexts): string {
  return room.kind === 'direct'
    ? texts.digest.direct(cleanWords(room.peer?.display_name ?? ''))
    : cleanWords(room.name)
}

function partOf({ row, preview, name }: ShownItem, texts: MailTexts): LetterPart {
  const who = texts.digest.what[row.kind](cleanWords(name))
  // The preview of an addition or a call is the room's name, which stands above.
  const text = row.kind === 'added' || row.kind === 'call' ? '' : cleanWords(preview, WORDS_MAX_CHARS)
  return { type: 'said', who, text }
}
