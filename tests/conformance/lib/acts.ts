import { list } from './asserts.ts'
import { done } from './codes.ts'
import type { Actor, Context } from './context.ts'
import type { Person } from './people.ts'
import { clientId } from './random.ts'
import * as shape from './shapes.ts'
import type { Link } from './socket.ts'

/** The steps that many cases begin with. Each checks the status and the shape of what it gets. */

export async function publicRoom(actor: Actor, name: string): Promise<shape.Room> {
  const answer = await actor.post('/rooms', { kind: 'public', name })
  return shape.room(objectIn(done(answer, 201).body, 'room'))
}

export async function groupOf(actor: Actor, name: string, people: readonly Person[]): Promise<shape.Room> {
  const answer = await actor.post('/rooms', {
    kind: 'group',
    name,
    usernames: people.map((one) => one.username),
  })
  return shape.room(objectIn(done(answer, 201).body, 'room'))
}

/** The direct room of two: opened or found. */
export async function directWith(actor: Actor, other: Person): Promise<shape.Room> {
  const answer = await actor.post('/rooms', { kind: 'direct', usernames: [other.username] })
  return shape.room(objectIn(done(answer, [200, 201]).body, 'room'))
}

export async function join(actor: Actor, room: string): Promise<shape.Room> {
  return shape.room(objectIn(done(await actor.post(`/rooms/${room}/join`), 200).body, 'room'))
}

/** Sends over REST. */
export async function say(
  actor: Actor,
  room: string,
  body: string,
  more: Record<string, unknown> = {},
): Promise<shape.Entry> {
  const answer = await actor.post(`/rooms/${room}/messages`, { client_id: clientId(), body, ...more })
  return shape.entry(objectIn(done(answer, 201).body, 'entry'))
}

/** Sends `count` messages over one socket, all at once; gives their seqs in the order they were sent. */
export async function burst(link: Link, room: string, count: number, body = 'line'): Promise<number[]> {
  const sends = Array.from({ length: count }, (_, n) =>
    link.ok('send', { room, client_id: clientId(), body: `${body} ${n}` }),
  )
  return (await Promise.all(sends)).map((answer) => shape.count(answer, 'seq'))
}

export async function roomOf(actor: Actor, room: string): Promise<shape.Room> {
  return shape.room(objectIn(done(await actor.get(`/rooms/${room}`), 200).body, 'room'))
}

export async function messageOf(actor: Actor, room: string, seq: number): Promise<shape.Message> {
  return shape.message(objectIn(done(await actor.get(`/rooms/${room}/messages/${seq}`), 200).body, 'message'))
}

/** The whole log of a room, page by page. */
export async function wholeLog(actor: Actor, room: string): Promise<shape.Entry[]> {
  const found: shape.Entry[] = []
  for (let after = 0; ; ) {
    const { body } = done(await actor.get(`/rooms/${room}/log?after=${after}&limit=200`), 200)
    const entries = list(body, 'entries').map(shape.entry)
    found.push(...entries)
    after = entries.at(-1)?.seq ?? after
    if ((body as { more?: unknown }).more !== true) return found
  }
}

/** A group of two people and its room: the most common beginning. */
export async function pair(t: Context): Promise<{ ann: Person; bob: Person; room: string }> {
  const [ann, bob] = await t.persons(2)
  const { id } = await groupOf(t.as(ann), t.name('Pair'), [bob])
  return { ann, bob, room: id }
}

/** A group of two and a person outside. */
export async function pairAndOutsider(
  t: Context,
): Promise<{ ann: Person; bob: Person; eve: Person; room: string }> {
  const [made, eve] = await Promise.all([pair(t), t.person()])
  return { ...made, eve }
}

function objectIn(body: unknown, key: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[key] : undefined
}
