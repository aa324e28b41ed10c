import { groupOf, join, pair, publicRoom, roomOf, say, wholeLog } from '../lib/acts.ts'
import { at, equal, list, ok, oneOf } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Actor } from '../lib/context.ts'
import { foreignIds, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const JOIN = '`POST /rooms/{id}/join`, `/leave` → 200 `{room}`; 204'
const MEMBERS =
  '`GET /rooms/{id}/members`, `POST` `{username}` → `{members: [{user, role, joined_at}], next?}`; 201 `{member}`'
const ROLES =
  '`PATCH /rooms/{id}/members/{user_id}`, `DELETE` `{role: "owner"|"admin"|"member"|"reader"}` → `{member}`; 204'
const KINDS = '`join` / `leave` (`user`), `role` (`user, role`), `rename` (`name`)'

async function members(actor: Actor, room: string): Promise<{ user: string; role: string }[]> {
  return list(done(await actor.get(`/rooms/${room}/members?limit=200`), 200).body, 'members').map(
    shape.member,
  )
}

export const membership: Topic = {
  topic: 'Members',
  cases: [
    promise(
      'anyone signed in joins a public room, and joining again changes nothing',
      'a public room can be joined by anyone signed in',
      async (t) => {
        const [ann, bob] = await t.persons(2)
        const { id } = await publicRoom(t.as(ann), t.name('Open'))
        const joined = await join(t.as(bob), id)
        equal([joined.me?.role, joined.member_count], ['member', 2], 'my role and the members')
        const again = await join(t.as(bob), id)
        equal(
          [again.member_count, again.head_seq],
          [2, joined.head_seq],
          'members and head after joining again',
        )
        await say(t.as(bob), id, 'hello')
      },
    ),
    promise('joining starts with nothing unread', JOIN, async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await publicRoom(t.as(ann), t.name('Quiet'))
      await say(t.as(ann), id, 'before')
      await join(t.as(bob), id)
      equal((await roomOf(t.as(bob), id)).me?.unread, 0, 'me.unread')
    }),
    promise(
      'a group and a direct room cannot be joined',
      '| 404 | `not_found` – also for everything one may not know exists: group and direct rooms |',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const eve = t.as(await t.person())
        refused(await eve.post(`/rooms/${room}/join`), 404, 'not_found')
        const direct = at(
          done(await t.as(ann).post('/rooms', { kind: 'direct', usernames: [bob.username] }), [200, 201])
            .body,
          'room.id',
        )
        refused(await eve.post(`/rooms/${direct}/join`), 404, 'not_found')
      },
    ),
    promise('who left is out: a public room says not_member, a group says not_found', JOIN, async (t) => {
      const [ann, bob] = await t.persons(2)
      const open = await publicRoom(t.as(ann), t.name('Open'))
      await join(t.as(bob), open.id)
      const group = await groupOf(t.as(ann), t.name('Group'), [bob])
      for (const room of [open.id, group.id]) done(await t.as(bob).post(`/rooms/${room}/leave`), 204)
      refused(await t.as(bob).get(`/rooms/${open.id}/messages`), 403, 'not_member')
      refused(await t.as(bob).get(`/rooms/${group.id}/messages`), 404, 'not_found')
      refused(
        await t.as(bob).post(`/rooms/${open.id}/messages`, { client_id: unique(12), body: 'x' }),
        403,
        'not_member',
      )
      const { text } = done(await t.as(bob).get('/rooms?limit=200'), 200)
      ok(!text.includes(open.id) && !text.includes(group.id), 'a room one left is listed')
      equal(
        (await members(t.as(ann), open.id)).map((one) => one.user),
        [ann.id],
        'members left',
      )
      await join(t.as(bob), open.id)
      await say(t.as(bob), open.id, 'back')
    }),
    promise('the members are listed with user, role and time', MEMBERS, async (t) => {
      const [ann, bob, cat] = await t.persons(3)
      const { id } = await groupOf(t.as(ann), t.name('List'), [bob, cat])
      const found = await members(t.as(cat), id)
      const expected = [
        { user: ann.id, role: 'owner' },
        { user: bob.id, role: 'member' },
        { user: cat.id, role: 'member' },
      ]
      const byId = (a: { user: string }, b: { user: string }) => (a.user < b.user ? -1 : 1)
      equal(found.sort(byId), expected.sort(byId), 'members')
    }),
    promise(
      'the members are paged by `next`',
      'Lists return `next` (opaque, passed back as `cursor`) when there is more.',
      async (t) => {
        const [ann, bob, cat] = await t.persons(3)
        const { id } = await groupOf(t.as(ann), t.name('Pages'), [bob, cat])
        const seen: string[] = []
        let cursor = ''
        for (let page = 0; page < 5; page += 1) {
          const { body } = done(await t.as(ann).get(`/rooms/${id}/members?limit=1${cursor}`), 200)
          seen.push(...list(body, 'members').map((one) => shape.member(one).user))
          const next = at(body, 'next')
          if (next === undefined || next === null) break
          cursor = `&cursor=${encodeURIComponent(String(next))}`
        }
        equal([...seen].sort(), [ann.id, bob.id, cat.id].sort(), 'members over all pages')
      },
    ),
    promise('a member is invited by user name', MEMBERS, async (t) => {
      const { ann, room } = await pair(t)
      const cat = await t.person()
      const answer = done(await t.as(ann).post(`/rooms/${room}/members`, { username: cat.username }), 201)
      equal(shape.member(at(answer.body, 'member')), { user: cat.id, role: 'member' }, 'member')
      await say(t.as(cat), room, 'thank you')
    }),
    promise('inviting an unknown person or someone who is in already changes nothing', MEMBERS, async (t) => {
      const { ann, bob, room } = await pair(t)
      const unknown = await t.as(ann).post(`/rooms/${room}/members`, { username: `nobody${unique(10)}` })
      refused(unknown, [400, 404], ['invalid_request', 'not_found'])
      invalid(await t.as(ann).post(`/rooms/${room}/members`, {}), 'username')
      const again = await t.as(ann).post(`/rooms/${room}/members`, { username: bob.username })
      if (again.status >= 400) refused(again, 409, 'conflict')
      else oneOf(again.status, [200, 201], 'status')
      equal((await members(t.as(ann), room)).length, 2, 'members')
    }),
    promise('an outsider invites nobody', '| 404 | `not_found` |', async (t) => {
      const { room } = await pair(t)
      const [eve, friend] = await t.persons(2)
      refused(await t.as(eve).post(`/rooms/${room}/members`, { username: eve.username }), 404, 'not_found')
      refused(await t.as(eve).post(`/rooms/${room}/members`, { username: friend.username }), 404, 'not_found')
    }),
    promise(
      'a direct room takes no third person',
      '`POST /rooms` `{kind: "public"|"group"|"direct", name?, usernames?}`',
      async (t) => {
        const [ann, bob, cat] = await Promise.all([t.person(), t.newcomer(), t.person()])
        const made = done(await t.as(ann).post('/rooms', { kind: 'direct', usernames: [bob.username] }), 201)
        const id = shape.id(made.body, 'room.id')
        const answer = await t.as(ann).post(`/rooms/${id}/members`, { username: cat.username })
        refused(answer, [400, 403, 409], ['invalid_request', 'forbidden', 'conflict'])
        equal((await members(t.as(ann), id)).length, 2, 'members')
      },
    ),
    promise('the owner removes a member, who is out at once', ROLES, async (t) => {
      const { ann, bob, room } = await pair(t)
      done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
      refused(await t.as(bob).get(`/rooms/${room}`), 404, 'not_found')
      refused(await t.as(bob).get(`/rooms/${room}/messages`), 404, 'not_found')
      refused(
        await t.as(bob).post(`/rooms/${room}/messages`, { client_id: unique(12), body: 'x' }),
        404,
        'not_found',
      )
      equal(
        (await members(t.as(ann), room)).map((one) => one.user),
        [ann.id],
        'members left',
      )
      refused(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 404, 'not_found')
    }),
    promise('a member removes nobody and gives no roles', '| 403 | `forbidden` |', async (t) => {
      const { ann, bob, room } = await pair(t)
      const cat = await t.person()
      done(await t.as(ann).post(`/rooms/${room}/members`, { username: cat.username }), 201)
      for (const other of [ann, cat]) {
        refused(await t.as(bob).delete(`/rooms/${room}/members/${other.id}`), 403, 'forbidden')
        refused(
          await t.as(bob).patch(`/rooms/${room}/members/${other.id}`, { role: 'reader' }),
          403,
          'forbidden',
        )
      }
      refused(await t.as(bob).patch(`/rooms/${room}/members/${bob.id}`, { role: 'owner' }), 403, 'forbidden')
      refused(await t.as(bob).patch(`/rooms/${room}/members/${bob.id}`, { role: 'admin' }), 403, 'forbidden')
    }),
    promise('the owner gives the roles admin, member and reader', ROLES, async (t) => {
      const { ann, bob, room } = await pair(t)
      for (const role of ['admin', 'reader', 'member']) {
        const answer = done(await t.as(ann).patch(`/rooms/${room}/members/${bob.id}`, { role }), 200)
        equal(shape.member(at(answer.body, 'member')), { user: bob.id, role }, 'member')
        equal((await roomOf(t.as(bob), room)).me?.role, role, 'me.role')
      }
    }),
    promise('a role that does not exist is refused, and so is a stranger', ROLES, async (t) => {
      const { ann, bob, room } = await pair(t)
      const eve = await t.person()
      for (const role of ['king', '', 7, null])
        invalid(await t.as(ann).patch(`/rooms/${room}/members/${bob.id}`, { role }), 'role')
      for (const id of [eve.id, ...foreignIds(eve.id, 1)]) {
        refused(await t.as(ann).patch(`/rooms/${room}/members/${id}`, { role: 'admin' }), 404, 'not_found')
        refused(await t.as(ann).delete(`/rooms/${room}/members/${id}`), 404, 'not_found')
      }
    }),
    promise('a reader reads and does not write', ROLES, async (t) => {
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'read me')
      done(await t.as(ann).patch(`/rooms/${room}/members/${bob.id}`, { role: 'reader' }), 200)
      done(await t.as(bob).get(`/rooms/${room}/messages/${seq}`), 200)
      refused(
        await t.as(bob).post(`/rooms/${room}/messages`, { client_id: unique(12), body: 'x' }),
        403,
        'forbidden',
      )
      const link = await t.connect(bob)
      await link.refused('send', { room, client_id: unique(12), body: 'x' }, 'forbidden')
    }),
    promise('joins, leaves, roles and renames are entries of the log', KINDS, async (t) => {
      const [ann, bob, cat] = await t.persons(3)
      const { id } = await publicRoom(t.as(ann), t.name('Log'))
      await join(t.as(bob), id)
      done(await t.as(ann).patch(`/rooms/${id}/members/${bob.id}`, { role: 'admin' }), 200)
      const name = t.name('Renamed')
      done(await t.as(ann).patch(`/rooms/${id}`, { name }), 200)
      done(await t.as(bob).post(`/rooms/${id}/leave`), 204)
      await join(t.as(cat), id)
      done(await t.as(ann).delete(`/rooms/${id}/members/${cat.id}`), 204)
      const log = await wholeLog(t.as(ann), id)
      shape.dense(log, 1)
      const facts = log.map((one) => {
        const who = one.all.user === undefined ? [] : [shape.userId(one.all.user)]
        return [
          one.kind,
          ...who,
          ...(one.kind === 'role' ? [one.all.role] : []),
          ...(one.kind === 'rename' ? [one.all.name] : []),
        ].join(' ')
      })
      const expected = [
        `join ${bob.id}`,
        `role ${bob.id} admin`,
        `rename ${name}`,
        `leave ${bob.id}`,
        `join ${cat.id}`,
        `leave ${cat.id}`,
      ]
      equal(facts.slice(-expected.length), expected, 'the newest entries')
    }),
  ],
}
