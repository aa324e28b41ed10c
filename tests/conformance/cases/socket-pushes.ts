import { directWith, groupOf, join, pair, pairAndOutsider, publicRoom, say } from '../lib/acts.ts'
import { at, equal, eventually, isObject, num, ok, oneOf, show } from '../lib/asserts.ts'
import { done } from '../lib/codes.ts'
import type { Context } from '../lib/context.ts'
import { clientId } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import type { Frame, Link } from '../lib/socket.ts'

const ENTRY =
  '`entry`: `room, seq, kind, from, at` and: `message` (`body, client_id, reply_to?, files?, mentions?`), `edit` (`target, body`), `delete` (`target`), `react` / `unreact` (`target, emoji`), `join` / `leave` (`user`), `role` (`user, role`), `rename` (`name`)'
const ROOM = '`room`: `room` (the shape above), `change: "added"|"removed"|"deleted"|"updated"`'
const MARKS = "`marks`: `room, user, delivered, read`, and for one's own also `unread`"
const TYPING = '`typing`: `room, user, expires_ms`'
const PRESENCE = '`presence`: `user, state: "online"|"away"|"offline", last_seen_at?`'
const FIVE_SECONDS = 'a stored entry reaches every connected member within 5 s'

function entryOf(link: Link, room: string, seq: number): Promise<Frame> {
  return link.push('entry', `entry ${seq}`, (frame) => frame.room === room && frame.seq === seq)
}

function roomChange(link: Link, room: string, change: string): Promise<Frame> {
  return link.push(
    'room',
    `${change} of ${room}`,
    (frame) => shape.roomId(frame.room) === room && frame.change === change,
  )
}

function without(frame: Frame): Record<string, unknown> {
  const { t: _type, ...rest } = frame
  return rest
}

/** The pushed entry must be the one the log keeps, field by field. */
async function sameAsLog(
  t: Context,
  link: Link,
  who: Parameters<Context['as']>[0],
  room: string,
  seq: number,
): Promise<Frame> {
  const pushed = await entryOf(link, room, seq)
  shape.entry(pushed)
  const { body } = done(await t.as(who).get(`/rooms/${room}/log?after=${seq - 1}&limit=1`), 200)
  const stored = at(body, 'entries.0')
  ok(isObject(stored), `no entry ${seq} in the log`)
  const sorted = (value: Record<string, unknown>) =>
    Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const { t: _type, ...kept } = stored
  equal(sorted(without(pushed)), sorted(kept), `entry ${seq} as pushed and as stored`)
  return pushed
}

export const socketPushes: Topic = {
  topic: 'Socket: pushes',
  cases: [
    promise(
      'a message reaches everyone in the room, the sender too, and nobody else',
      FIVE_SECONDS,
      async (t) => {
        const { ann, bob, eve, room } = await pairAndOutsider(t)
        const [a, b, e] = await Promise.all([t.connect(ann), t.connect(bob), t.connect(eve)])
        const id = clientId()
        const { seq } = await a.ok('send', { room, client_id: id, body: 'hello' })
        for (const link of [a, b]) {
          const push = await entryOf(link, room, num(seq))
          equal(
            [push.kind, push.from, push.body, push.client_id],
            ['message', ann.id, 'hello', id],
            'the push',
          )
          equal(push.id, undefined, 'id of a push')
        }
        const rest = await say(t.as(bob), room, 'by REST')
        for (const link of [a, b]) equal((await entryOf(link, room, rest.seq)).body, 'by REST', 'body')
        await e.settle()
        ok(!show(e.frames, 100_000).includes(room), 'an outsider was told of the room')
      },
    ),
    promise('every device of a person gets the push', FIVE_SECONDS, async (t) => {
      const { ann, bob, room } = await pair(t)
      const [one, two] = await Promise.all([t.connect(bob), t.connect(bob)])
      const { seq } = await say(t.as(ann), room, 'to all devices')
      await Promise.all([entryOf(one, room, seq), entryOf(two, room, seq)])
    }),
    promise('every kind of entry is pushed as the log keeps it', ENTRY, async (t) => {
      const { ann, bob, room } = await pair(t)
      const [a, b] = await Promise.all([t.connect(ann), t.connect(bob)])
      const { seq } = await a.ok('send', { room, client_id: clientId(), body: 'text' })
      const target = num(seq)
      const made = [
        ['reply', await b.ok('send', { room, client_id: clientId(), body: 'reply', reply_to: target })],
        ['edit', await a.ok('edit', { room, target, body: 'edited' })],
        ['react', await b.ok('react', { room, target, emoji: '👍' })],
        ['unreact', await b.ok('unreact', { room, target, emoji: '👍' })],
      ] as const
      for (const [, answer] of made) await sameAsLog(t, b, bob, room, num(answer.seq))
      const gone = await a.ok('delete', { room, target })
      const push = await sameAsLog(t, b, bob, room, num(gone.seq))
      equal([push.kind, push.target], ['delete', target], 'kind and target')
    }),
    promise('joins, leaves, roles and renames are pushed', ENTRY, async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await publicRoom(t.as(ann), t.name('Live'))
      const link = await t.connect(ann)
      const kind = (wanted: string) =>
        link.push('entry', wanted, (frame) => frame.room === id && frame.kind === wanted)
      await join(t.as(bob), id)
      equal(shape.userId((await kind('join')).user), bob.id, 'user of the join')
      done(await t.as(ann).patch(`/rooms/${id}/members/${bob.id}`, { role: 'admin' }), 200)
      const role = await kind('role')
      equal([shape.userId(role.user), role.role], [bob.id, 'admin'], 'user and role')
      const name = t.name('Renamed')
      done(await t.as(bob).patch(`/rooms/${id}`, { name }), 200)
      equal((await kind('rename')).name, name, 'name')
      done(await t.as(bob).post(`/rooms/${id}/leave`), 204)
      equal(shape.userId((await kind('leave')).user), bob.id, 'user of the leave')
    }),
    promise('a new group is told to its members at once, and its messages follow', ROOM, async (t) => {
      const [ann, bob] = await t.persons(2)
      const [a, b] = await Promise.all([t.connect(ann), t.connect(bob)])
      const { id } = await groupOf(t.as(ann), t.name('New'), [bob])
      const pushes = await Promise.all([a, b].map((link) => roomChange(link, id, 'added')))
      for (const push of pushes) equal(shape.room(push.room).kind, 'group', 'kind')
      equal(shape.room(pushes[1]?.room).me?.role, 'member', 'me.role')
      const { seq } = await say(t.as(ann), id, 'welcome')
      await entryOf(b, id, seq)
    }),
    promise('a new direct room is told to the other, with the peer', ROOM, async (t) => {
      const [ann, bob] = await Promise.all([t.person(), t.newcomer()])
      const b = await t.connect(bob)
      const { id } = await directWith(t.as(ann), bob)
      equal(shape.room((await roomChange(b, id, 'added')).room).peer?.id, ann.id, 'peer')
    }),
    promise('who is invited or joins is told `added`, also on another device', ROOM, async (t) => {
      const { ann, eve, room } = await pairAndOutsider(t)
      const open = await publicRoom(t.as(ann), t.name('Open'))
      const link = await t.connect(eve)
      done(await t.as(ann).post(`/rooms/${room}/members`, { username: eve.username }), 201)
      await roomChange(link, room, 'added')
      await join(t.as(eve), open.id)
      await roomChange(link, open.id, 'added')
      const { seq } = await say(t.as(ann), open.id, 'seen')
      await entryOf(link, open.id, seq)
    }),
    promise(
      'who is removed or leaves is told `removed` and gets nothing more',
      'a permission that was taken away holds for the next frame and the next request',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const open = await publicRoom(t.as(ann), t.name('Open'))
        await join(t.as(bob), open.id)
        const [a, b] = await Promise.all([t.connect(ann), t.connect(bob)])
        done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
        const after = await say(t.as(ann), room, 'behind your back')
        await b.refused('send', { room, client_id: clientId(), body: 'still here?' }, 'not_found')
        done(await t.as(bob).post(`/rooms/${open.id}/leave`), 204)
        const later = await say(t.as(ann), open.id, 'behind your back')
        await Promise.all([roomChange(b, room, 'removed'), roomChange(b, open.id, 'removed')])
        await Promise.all([entryOf(a, room, after.seq), entryOf(a, open.id, later.seq)])
        await b.settle()
        ok(!show(b.frames, 200_000).includes('behind your back'), 'a message after the removal was pushed')
      },
    ),
    promise('the deletion of a room is told as `deleted`', ROOM, async (t) => {
      const { ann, bob, room } = await pair(t)
      const [a, b] = await Promise.all([t.connect(ann), t.connect(bob)])
      oneOf((await t.as(ann).delete(`/rooms/${room}`)).status, [200, 204], 'status')
      await Promise.all([roomChange(a, room, 'deleted'), roomChange(b, room, 'deleted')])
      for (const link of [a, b])
        await link.refused('send', { room, client_id: clientId(), body: 'x' }, 'not_found')
    }),
    promise('a rename is told as `updated`', ROOM, async (t) => {
      const { ann, bob, room } = await pair(t)
      const b = await t.connect(bob)
      const name = t.name('New name')
      done(await t.as(ann).patch(`/rooms/${room}`, { name }), 200)
      equal(shape.room((await roomChange(b, room, 'updated')).room).name, name, 'room.name')
    }),
    promise('what one reads is told to the others, and to oneself with `unread`', MARKS, async (t) => {
      const { ann, bob, room } = await pair(t)
      const one = await say(t.as(ann), room, 'one')
      const two = await say(t.as(ann), room, 'two')
      const [a, phone, desk] = await Promise.all([t.connect(ann), t.connect(bob), t.connect(bob)])
      await phone.ok('mark', { room, delivered: two.seq, read: one.seq })
      const mine = (frame: Frame) =>
        frame.room === room && shape.userId(frame.user) === bob.id && frame.read === one.seq
      const seen = await a.push('marks', "the other's marks", mine)
      equal([seen.delivered, seen.read], [two.seq, one.seq], 'delivered and read')
      const own = await desk.push('marks', 'my marks on another device', mine)
      equal(own.unread, 1, 'unread')
    }),
    promise('typing reaches the others in the room and nobody else', TYPING, async (t) => {
      const { ann, bob, eve, room } = await pairAndOutsider(t)
      const [a, b, e] = await Promise.all([t.connect(ann), t.connect(bob), t.connect(eve)])
      a.send({ t: 'typing', room })
      const push = await b.push('typing', 'that the other types', (frame) => frame.room === room)
      equal(shape.userId(push.user), ann.id, 'user')
      const expires = num(push, 'expires_ms')
      ok(Number.isInteger(expires) && expires > 0 && expires <= 60_000, `expires_ms is ${expires}`)
      e.send({ t: 'typing', room })
      await e.settle()
      await b.settle()
      equal(e.pushes('typing').length, 0, 'typing pushes to an outsider')
      ok(
        !b.pushes('typing').some((frame) => shape.userId(frame.user) === eve.id),
        'an outsider types in the room',
      )
    }),
    promise('presence is pushed to those who watch, and a new list replaces the old', PRESENCE, async (t) => {
      // People whom no earlier case had online: presence outlives a connection by a grace period.
      const [ann, bob, cat] = await Promise.all([t.person(), t.newcomer(), t.newcomer()])
      const link = await t.connect(ann)
      await link.ok('watch', { users: [bob.id] })
      await link.ok('watch', { users: [cat.id] })
      await t.connect(bob)
      await t.connect(cat)
      const of = (id: string) => (frame: Frame) => shape.userId(frame.user) === id
      const push = await link.push(
        'presence',
        'that the watched person is online',
        (frame) => of(cat.id)(frame) && frame.state === 'online',
      )
      if (push.last_seen_at !== undefined) shape.time(push, 'last_seen_at')
      await link.settle()
      ok(!link.pushes('presence').some(of(bob.id)), 'presence of a person no longer watched')
    }),
    promise(
      'presence tells when a person went offline',
      PRESENCE,
      async (t) => {
        const [ann, bob] = await t.persons(2)
        const link = await t.connect(ann)
        const theirs = await t.connect(bob)
        await link.ok('watch', { users: [bob.id] })
        const since = link.frames.length
        await theirs.end()
        await eventually('the push `presence` offline', 45_000, async () => {
          const isGone = (frame: Frame) =>
            frame.t === 'presence' && shape.userId(frame.user) === bob.id && frame.state === 'offline'
          return link.frames.slice(since).some(isGone) ? true : undefined
        })
      },
      'slow',
    ),
    promise('presence is not told to those who do not watch', PRESENCE, async (t) => {
      const { ann, bob } = await pair(t)
      const link = await t.connect(ann)
      await t.connect(bob)
      await link.settle()
      ok(
        !link.pushes('presence').some((frame) => shape.userId(frame.user) === bob.id),
        'presence of a person nobody watches',
      )
    }),
    promise('pushes carry no id', 'Pushes carry no `id`.', async (t) => {
      const { ann, bob, room } = await pair(t)
      const link = await t.connect(bob)
      const { seq } = await say(t.as(ann), room, 'one')
      await entryOf(link, room, seq)
      for (const frame of link.frames.slice(2)) {
        if (frame.t !== 'ok' && frame.t !== 'error') equal(frame.id, undefined, `id of ${show(frame)}`)
      }
    }),
  ],
}
