import {
  directWith,
  join,
  messageOf,
  pairAndOutsider,
  publicRoom,
  roomOf,
  say,
  wholeLog,
} from '../lib/acts.ts'
import { equal, isObject, list, ok, show } from '../lib/asserts.ts'
import { done, refused } from '../lib/codes.ts'
import type { Actor, Context } from '../lib/context.ts'
import type { Person } from '../lib/people.ts'
import { clientId, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'

const HIDDEN =
  '404 `not_found` – also for everything one may not know exists: group and direct rooms, their members, messages and files, seen by an outsider'
const NOT_MEMBER = '403 `not_member` (a public room one has not joined)'
const NEXT = 'a permission that was taken away holds for the next frame and the next request'
const READING = "Reading a room's messages needs membership"

type Request = readonly [method: string, path: string, body?: unknown]

/** Every request that names a room, with a living message in it. */
function requestsOn(room: string, seq: number, somebody: Person): Request[] {
  const emoji = encodeURIComponent('👍')
  return [
    ['GET', `/rooms/${room}/messages`],
    ['GET', `/rooms/${room}/messages/${seq}`],
    ['GET', `/rooms/${room}/messages?around=${seq}`],
    ['GET', `/rooms/${room}/log?after=0`],
    ['POST', `/rooms/${room}/messages`, { client_id: clientId(), body: 'intruder' }],
    ['PATCH', `/rooms/${room}/messages/${seq}`, { body: 'intruder' }],
    ['DELETE', `/rooms/${room}/messages/${seq}`],
    ['PUT', `/rooms/${room}/messages/${seq}/reactions/${emoji}`],
    ['DELETE', `/rooms/${room}/messages/${seq}/reactions/${emoji}`],
    ['POST', `/rooms/${room}/members`, { username: somebody.username }],
    ['PATCH', `/rooms/${room}/members/${somebody.id}`, { role: 'reader' }],
    ['DELETE', `/rooms/${room}/members/${somebody.id}`],
    ['PATCH', `/rooms/${room}`, { name: 'intruder' }],
    ['DELETE', `/rooms/${room}`],
  ]
}

/** Requests that even the existence of a hidden room must survive. */
function hiddenOnly(room: string): Request[] {
  return [
    ['GET', `/rooms/${room}`],
    ['GET', `/rooms/${room}/members`],
    ['POST', `/rooms/${room}/join`],
  ]
}

const FRAMES = (room: string, seq: number) =>
  [
    ['send', { room, client_id: clientId(), body: 'intruder' }],
    ['edit', { room, target: seq, body: 'intruder' }],
    ['delete', { room, target: seq }],
    ['react', { room, target: seq, emoji: '👍' }],
    ['unreact', { room, target: seq, emoji: '👍' }],
    ['mark', { room, read: seq }],
  ] as const

async function refuseAll(
  actor: Actor,
  requests: readonly Request[],
  status: number,
  code: string | string[],
): Promise<void> {
  for (const [method, path, body] of requests) refused(await actor.call(method, path, body), status, code)
}

async function refuseFrames(
  t: Context,
  who: Person,
  room: string,
  seq: number,
  code: string | string[],
): Promise<void> {
  const link = await t.connect(who)
  for (const [type, fields] of FRAMES(room, seq)) await link.refused(type, fields, code)
  const answer = await link.ok('log', { rooms: [{ room, after: 0 }] })
  const [one] = list(answer, 'rooms')
  ok(
    isObject(one) && one.error !== undefined && one.entries === undefined,
    `log of a foreign room: ${show(one)}`,
  )
  ok(!show(link.ready, 1_000_000).includes(room), 'ready lists the room')
}

async function unchanged(t: Context, member: Person, room: string, seq: number, body: string): Promise<void> {
  const message = await messageOf(t.as(member), room, seq)
  equal(
    [message.body, message.isDeleted, message.reactions],
    [body, false, []],
    'the message after all attempts',
  )
  const log = await wholeLog(t.as(member), room)
  ok(!show(log, 1_000_000).includes('intruder'), 'something of the intruder is in the log')
}

export const access: Topic = {
  topic: 'Access',
  cases: [
    promise('an outsider of a group gets not_found for everything in it', HIDDEN, async (t) => {
      const { ann, bob, eve, room } = await pairAndOutsider(t)
      const { seq } = await say(t.as(bob), room, 'ours')
      await refuseAll(t.as(eve), [...requestsOn(room, seq, bob), ...hiddenOnly(room)], 404, 'not_found')
      await refuseFrames(t, eve, room, seq, 'not_found')
      await unchanged(t, ann, room, seq, 'ours')
    }),
    promise('an outsider of a direct room gets not_found for everything in it', HIDDEN, async (t) => {
      const [ann, bob, eve] = await t.persons(3)
      const { id } = await directWith(t.as(ann), bob)
      const { seq } = await say(t.as(bob), id, 'between us')
      await refuseAll(t.as(eve), [...requestsOn(id, seq, bob), ...hiddenOnly(id)], 404, 'not_found')
      await refuseFrames(t, eve, id, seq, 'not_found')
      await unchanged(t, ann, id, seq, 'between us')
    }),
    promise('a removed member of a group gets not_found for everything in it', NEXT, async (t) => {
      const { ann, bob, eve, room } = await pairAndOutsider(t)
      done(await t.as(ann).post(`/rooms/${room}/members`, { username: eve.username }), 201)
      const { seq } = await say(t.as(bob), room, 'before')
      done(await t.as(ann).delete(`/rooms/${room}/members/${eve.id}`), 204)
      await refuseAll(t.as(eve), [...requestsOn(room, seq, bob), ...hiddenOnly(room)], 404, 'not_found')
      await refuseFrames(t, eve, room, seq, 'not_found')
      await unchanged(t, ann, room, seq, 'before')
    }),
    promise('a removed member may not touch the messages one wrote', NEXT, async (t) => {
      const { ann, bob, room } = await pairAndOutsider(t)
      const { seq } = await say(t.as(bob), room, 'mine')
      done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
      refused(await t.as(bob).patch(`/rooms/${room}/messages/${seq}`, { body: 'intruder' }), 404, 'not_found')
      refused(await t.as(bob).delete(`/rooms/${room}/messages/${seq}`), 404, 'not_found')
      await refuseFrames(t, bob, room, seq, 'not_found')
      await unchanged(t, ann, room, seq, 'mine')
    }),
    promise('who has not joined a public room gets not_member', NOT_MEMBER, async (t) => {
      const [ann, bob, eve] = await t.persons(3)
      const { id } = await publicRoom(t.as(ann), t.name('Open'))
      await join(t.as(bob), id)
      const { seq } = await say(t.as(bob), id, 'members only')
      await refuseAll(t.as(eve), requestsOn(id, seq, bob), 403, ['not_member', 'forbidden'])
      const reading = requestsOn(id, seq, bob).slice(0, 5)
      await refuseAll(t.as(eve), reading, 403, 'not_member')
      await refuseFrames(t, eve, id, seq, 'not_member')
      await unchanged(t, ann, id, seq, 'members only')
    }),
    promise('a public room shows an outsider no message', READING, async (t) => {
      const [ann, eve] = await t.persons(2)
      const { id } = await publicRoom(t.as(ann), t.name('Open'))
      const word = unique(14)
      await say(t.as(ann), id, word)
      for (const path of [`/rooms/${id}`, `/rooms/${id}/members`]) {
        const answer = await t.as(eve).get(path)
        if (answer.status === 200) ok(!answer.text.includes(word), `${path} shows a message`)
        else refused(answer, 403, 'not_member')
      }
      const search = await t.as(eve).get(`/rooms/search?query=${encodeURIComponent('Open')}&limit=200`)
      ok(!done(search, 200).text.includes(word), 'the room search shows a message')
    }),
    promise('a removed member of a public room gets not_member', NEXT, async (t) => {
      const [ann, bob, eve] = await t.persons(3)
      const { id } = await publicRoom(t.as(ann), t.name('Open'))
      await join(t.as(bob), id)
      await join(t.as(eve), id)
      const { seq } = await say(t.as(bob), id, 'members only')
      done(await t.as(ann).delete(`/rooms/${id}/members/${eve.id}`), 204)
      await refuseAll(t.as(eve), requestsOn(id, seq, bob).slice(0, 5), 403, 'not_member')
    }),
    promise('a message of one room is not reached through another', HIDDEN, async (t) => {
      const { ann, eve, room } = await pairAndOutsider(t)
      const own = await publicRoom(t.as(eve), t.name('Own'))
      let seq = 0
      for (let n = 0; n < 4; n += 1) seq = (await say(t.as(ann), room, `secret ${n}`)).seq
      ok((await roomOf(t.as(eve), own.id)).head_seq < seq, "the outsider's own room is as long")
      refused(await t.as(eve).get(`/rooms/${own.id}/messages/${seq}`), 404, 'not_found')
      refused(await t.as(eve).get(`/rooms/${own.id}/../${room}/messages/${seq}`), 404, 'not_found')
      refused(await t.as(eve).get(`/rooms/${own.id}%2F..%2F${room}/messages`), 404, 'not_found')
    }),
    promise(
      'after a role was taken away, the next request and the next frame are refused',
      NEXT,
      async (t) => {
        const { ann, bob, eve, room } = await pairAndOutsider(t)
        done(await t.as(ann).patch(`/rooms/${room}/members/${bob.id}`, { role: 'admin' }), 200)
        const link = await t.connect(bob)
        await link.ok('send', { room, client_id: clientId(), body: 'as admin' })
        done(await t.as(ann).patch(`/rooms/${room}/members/${bob.id}`, { role: 'reader' }), 200)
        await link.refused('send', { room, client_id: clientId(), body: 'as reader' }, 'forbidden')
        refused(await t.as(bob).post(`/rooms/${room}/members`, { username: eve.username }), 403, 'forbidden')
      },
    ),
    promise('outsiders and unknown rooms get the same answer', HIDDEN, async (t) => {
      const { eve, room } = await pairAndOutsider(t)
      const unknown = `${room.slice(0, -4)}0000`
      if (unknown === room) return
      const [hidden, missing] = [
        await t.as(eve).get(`/rooms/${room}`),
        await t.as(eve).get(`/rooms/${unknown}`),
      ]
      const message = (answer: typeof hidden) =>
        refused(answer, 404, 'not_found').text.replace(/"request_id":"[^"]*"/, '')
      equal(message(hidden).replaceAll(room, ''), message(missing).replaceAll(unknown, ''), 'the answers')
    }),
  ],
}
