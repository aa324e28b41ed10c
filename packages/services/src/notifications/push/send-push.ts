/**
 * The consumer of the queue `notifications.push`: *take → look again → send → note*. A push's row is there until it was
 * sent, so what is repeated finds nothing. Whether it is still to be told is decided again right before it is sent.
 */
import { createHmac } from 'node:crypto'
import { type PushAnswer, type PushRequest, type WorkItem, workBodies } from '@parley/contracts'
import type { PushContent } from '@parley/protocol'
import { RING_MS } from '@parley/protocol/calls'
import { type Decision, REACH_WAIT_MS } from '../decide.ts'
import type { NotificationsDependencies } from '../dependencies.ts'
import type { Candidate } from '../find-candidates.ts'
import { type ItemRow, toItem } from '../inbox.ts'
import { clearRings, readRing } from '../rings.ts'
import { readSettings } from '../settings.ts'
import { decideAll } from '../tell-members.ts'
import { composeRing, composeShow, type PushPayload } from './compose-push.ts'
import { encryptPush } from './encrypt.ts'
import { createPushPlaces, type PushPlace } from './push-places.ts'
import { queueClearing } from './queue-pushes.ts'
import type { Vapid } from './vapid.ts'

/**
 * Pushes a process sends at a time; each may wait ten seconds for its push service. Well above what services that do not
 * answer quickly are given of it (`push-places.ts`).
 */
export const SEND_AT_ONCE = 64
/** Longer than sending takes; after it another process may try. */
const HOLD_MS = 60_000
/** How long a push waits that nobody answered; doubles. */
const UNANSWERED_FROM_MS = 5_000
const UNANSWERED_TO_MS = 300_000
/** What a push service keeps for a device that is not there, from the moment it was due. */
export const PUSH_LIFETIME_MS = 24 * 3_600_000
/** There a push that shows nothing costs the permission after the third one, so what was read elsewhere stays until it is looked at. */
const MUST_SHOW = /(^|\.)push\.apple\.com$/

interface PushRow {
  id: string
  device_id: string
  room_id: string
  seq: number
  kind: 'show' | 'clear'
  about: 'inbox' | 'ring'
  at: number
  attempts: number
  user_id: string
  endpoint: string
  p256dh: string
  auth: string
  language: string
}

/** What the item itself says, with how many of its room are unread. */
type Told = ItemRow & { count: number }

export function createSendPush(
  dependencies: NotificationsDependencies,
  vapid: Vapid,
): (item: WorkItem) => Promise<void> {
  const places = createPushPlaces(dependencies.clock)
  return async (item) => {
    const { push: id } = workBodies['push.send'].parse(JSON.parse(item.body))
    const push = await takePush(dependencies, id)
    if (push === undefined) return
    const place = places.enter(new URL(push.endpoint).host, push.user_id)
    if (place === 'given-up') return removeSubscription(dependencies, push.device_id)
    // That nobody had time for it is no failure: the queue has done its part, and it becomes due again.
    if (typeof place === 'number') return giveBack(dependencies, push.id, dependencies.clock.now() + place)
    try {
      await sendPush(dependencies, vapid, push, place)
    } catch (error) {
      // The queue tries again, and finds it free.
      await giveBack(dependencies, push.id, null)
      throw error
    } finally {
      place.leave()
    }
  }
}

/** Undefined: sent, replaced or held by another process, which answers for it. */
async function takePush(
  { database, clock }: NotificationsDependencies,
  id: string,
): Promise<PushRow | undefined> {
  const now = clock.now()
  const { rows } = await database.query<PushRow>(
    `update notifications.push p set held_until = $2::bigint + ${HOLD_MS}, due_at = $2::bigint + ${HOLD_MS}
     from notifications.push_subscription s
     where p.id = $1 and s.device_id = p.device_id and (p.held_until is null or p.held_until <= $2)
     returning p.id, p.device_id, p.room_id, p.seq, p.kind, p.about, p.at, p.attempts,
       s.user_id, s.endpoint, s.p256dh, s.auth, s.language`,
    [id, now],
    'notifications.take-push',
  )
  return rows[0]
}

/** `dueAt`: when it is handed to the queue again; null leaves that to the queue. */
async function giveBack(
  { database }: NotificationsDependencies,
  id: string,
  dueAt: number | null,
): Promise<void> {
  await database.query(
    'update notifications.push set held_until = null, due_at = $2 where id = $1',
    [id, dueAt],
    'notifications.give-back-push',
  )
}

async function dropPush({ database }: NotificationsDependencies, id: string): Promise<void> {
  await database.query('delete from notifications.push where id = $1', [id], 'notifications.drop-push')
}

async function sendPush(
  dependencies: NotificationsDependencies,
  vapid: Vapid,
  push: PushRow,
  place: PushPlace,
): Promise<void> {
  const { clock, log } = dependencies
  if (!(await isAlive(dependencies, push))) return removeSubscription(dependencies, push.device_id)
  const payload = await composePayload(dependencies, push)
  if (typeof payload === 'number') return giveBack(dependencies, push.id, payload)
  if (payload === undefined) return dropPush(dependencies, push.id)
  const ttlMs = endOf(push, payload) - clock.now()
  if (ttlMs <= 0) return dropPush(dependencies, push.id)
  const request = {
    headers: {
      authorization: await vapid.authorize(push.endpoint),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(Math.ceil(ttlMs / 1_000)),
      urgency: urgencyOf(payload),
      topic: topicOf(push),
    },
    body: encryptPush(Buffer.from(JSON.stringify(payload)), push),
  }
  const answer = await post(dependencies, push, request, place)
  if (answer === undefined) return
  switch (verdictOn(answer)) {
    case 'sent':
      return noteSent(dependencies, push)
    case 'gone':
      log.debug({ device: push.device_id }, 'subscription ended by its push service')
      return removeSubscription(dependencies, push.device_id)
    case 'later':
      return giveBack(dependencies, push.id, clock.now() + (answer.retryAfterMs ?? 0))
    case 'failed':
      throw new Error(`${new URL(push.endpoint).host} answered ${answer.status}`)
  }
}

/** Undefined: nobody answered, and the push waits. That is between us and the service and nothing for the queue to count. */
async function post(
  dependencies: NotificationsDependencies,
  { id, endpoint, attempts }: PushRow,
  request: PushRequest,
  place: PushPlace,
): Promise<PushAnswer | undefined> {
  const { clock, database, log } = dependencies
  const begun = clock.now()
  let answer: PushAnswer
  try {
    answer = await dependencies.push.transport.post(endpoint, request)
  } catch (error) {
    const waitMs = Math.min(UNANSWERED_TO_MS, UNANSWERED_FROM_MS * 2 ** attempts)
    const dueAt = clock.now() + Math.max(place.unanswered(), waitMs)
    log.debug({ error: String(error), dueAt }, 'push service does not answer')
    await database.query(
      'update notifications.push set held_until = null, due_at = $2, attempts = attempts + 1 where id = $1',
      [id, dueAt],
      'notifications.put-off-push',
    )
    return undefined
  }
  place.answered(clock.now() - begun)
  return answer
}

export function verdictOn({ status, retryAfterMs }: PushAnswer): 'sent' | 'gone' | 'later' | 'failed' {
  if (status >= 200 && status < 300) return 'sent'
  if (status === 404 || status === 410) return 'gone'
  // It asks for patience: that is no failure of this push.
  return (status === 429 || status === 503) && retryAfterMs !== undefined ? 'later' : 'failed'
}

/** The device's session may have ended, been revoked or gone with its person, and nobody told us. */
async function isAlive({ auth }: NotificationsDependencies, push: PushRow): Promise<boolean> {
  const { devices } = await auth.listDevices({ user: push.user_id, device: push.device_id })
  return devices.some(({ current }) => current)
}

async function removeSubscription({ database }: NotificationsDependencies, device: string): Promise<void> {
  await database.query('delete from notifications.push_subscription where device_id = $1', [device])
}

/** Undefined: there is nothing to say any more. A number: decide again then. */
async function composePayload(
  dependencies: NotificationsDependencies,
  push: PushRow,
): Promise<PushPayload | number | undefined> {
  const { room_id: room, language } = push
  if (push.kind === 'clear') {
    if (MUST_SHOW.test(new URL(push.endpoint).hostname)) return undefined
    return { type: 'clear', room, language, ...(push.about === 'ring' ? { kind: push.about } : {}) }
  }
  if (push.about === 'ring') return composeRinging(dependencies, push)
  const told = await readTold(dependencies, push)
  if (told === undefined || told.read_at !== null) return undefined
  const { user_id: user, seq, kind, sender: from, at } = told
  const decision = await decideAgain(dependencies, { user, room, seq, kind, from, at })
  if (decision === 'wait') return told.at + REACH_WAIT_MS
  if (decision !== 'alert') return undefined
  return composeItem(dependencies, push, told)
}

async function readTold({ database }: NotificationsDependencies, push: PushRow): Promise<Told | undefined> {
  const { rows } = await database.query<Told>(
    `select i.id, i.user_id, i.room_id, i.seq, i.kind, i.sender, i.at, i.read_at, i.media, (
       select count(*)::int from notifications.item o
       where o.user_id = i.user_id and o.room_id = i.room_id and o.read_at is null) as count
     from notifications.item i where i.user_id = $1 and i.room_id = $2 and i.seq = $3`,
    [push.user_id, push.room_id, push.seq],
    'notifications.pushed-item',
  )
  return rows[0]
}

async function decideAgain(dependencies: NotificationsDependencies, candidate: Candidate): Promise<Decision> {
  const [decided] = await decideAll(dependencies, [candidate])
  return decided?.decision ?? 'nothing'
}

/** As long as the call rings for its owner, and no later. */
async function composeRinging(
  dependencies: NotificationsDependencies,
  push: PushRow,
): Promise<PushPayload | number | undefined> {
  const { room_id: room, user_id: user, seq, language } = push
  const ring = await readRing(dependencies.database, push)
  if (ring === undefined) return undefined
  const { sender: from, at, media } = ring
  const decision = await decideAgain(dependencies, { user, room, seq, kind: 'ring', from, at })
  if (decision === 'wait') return at + REACH_WAIT_MS
  if (decision !== 'alert') return undefined
  const { senderName, roomName, content } = await readNames(dependencies, { user, room, sender: from })
  return composeRing({ room, seq, at, media, language, senderName, roomName }, content)
}

async function composeItem(
  dependencies: NotificationsDependencies,
  { language }: PushRow,
  told: Told,
): Promise<PushPayload | undefined> {
  const { user_id: user, room_id: room, seq } = told
  const [{ previews }, { senderName, roomName, content }] = await Promise.all([
    dependencies.rooms.listPreviews({ places: [{ user, room, seq }] }),
    readNames(dependencies, { user, room, sender: told.sender }),
  ])
  const text = previews[0] ?? ''
  // Deleted, or out of reach since a moment ago.
  if (text === '' && told.kind !== 'call') return undefined
  const { preview: _, ...item } = toItem(told, text)
  // The others have words of their own, and the room's name beside them.
  const isSaid = told.kind !== 'added' && told.kind !== 'call'
  const { count } = told
  return composeShow({ item, count, language, senderName, roomName, text: isSaid ? text : '' }, content)
}

/** Of who did it and where, and what of that may be read on a device. */
async function readNames(
  { rooms, auth, database }: NotificationsDependencies,
  { user, room, sender }: { readonly user: string; readonly room: string; readonly sender: string },
): Promise<{ senderName: string; roomName: string | undefined; content: PushContent }> {
  const [{ room: facts }, { users }, settings] = await Promise.all([
    rooms.getRoom({ user, room }),
    auth.getUsers({ ids: [sender] }),
    readSettings(database, [user]),
  ])
  return {
    senderName: users[0]?.display_name ?? '',
    roomName: facts.kind === 'direct' ? undefined : facts.name,
    content: settings.get(user)?.push_content ?? 'full',
  }
}

/** Until when it is worth delivering. */
function endOf({ at }: PushRow, payload: PushPayload): number {
  return payload.kind === 'ring' && payload.at !== undefined ? payload.at + RING_MS : at + PUSH_LIFETIME_MS
}

function urgencyOf({ type, kind }: PushPayload): string {
  if (type === 'clear') return 'low'
  return kind === 'message' || kind === 'added' ? 'normal' : 'high'
}

/** Of what a push service still holds for a device it keeps the newest of a room (and of its ringing), without learning which room it is. */
function topicOf({ auth, room_id, about }: PushRow): string {
  const key = about === 'ring' ? `${room_id} ring` : room_id
  return createHmac('sha256', auth).update(key).digest('base64url').slice(0, 32)
}

async function noteSent(dependencies: NotificationsDependencies, push: PushRow): Promise<void> {
  const { database, clock, newId } = dependencies
  const { id, kind, about, user_id: user, device_id: device, room_id: room } = push
  if (kind === 'clear') return dropPush(dependencies, id)
  await database.transaction(async (transaction) => {
    // Either it rings until this is noted, or it is cleared here.
    const rings = about === 'ring' && (await readRing(transaction, push, 'hold')) !== undefined
    const { rowCount } = await transaction.query(
      `insert into notifications.push_shown (device_id, room_id, seq, about)
       select device_id, $2, $3, $4 from notifications.push_subscription where device_id = $1
       on conflict (device_id, room_id, about) do update set seq = excluded.seq`,
      [device, room, push.seq, about],
      'notifications.note-push',
    )
    // It may have been read while it was on its way.
    const only = { device, room }
    if (about === 'ring' && !rings) await clearRings(transaction, [push], clock.now())
    if (about === 'inbox' && rowCount > 0)
      await queueClearing(transaction, [user], { nowMs: clock.now(), id: newId(), only })
    await transaction.query('delete from notifications.push where id = $1', [id], 'notifications.drop-push')
  })
}
