import { directWith, groupOf, join, pair, publicRoom, roomOf, say } from '../lib/acts.ts'
import { at, equal, list, ok, oneOf, show } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Actor } from '../lib/context.ts'
import { foreignIds, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const CREATE = '`POST /rooms` `{kind: "public"|"group"|"direct", name?, usernames?}` → 201 `{room}`'
const DIRECT = '`direct` with the same person again: 200 and the same room'
const MINE = '`GET /rooms`: my rooms, latest activity first `{rooms, next?}`'
const SEARCH = '`GET /rooms/search?query=`: part of a name, accent-insensitive; public rooms'
const DELETE = 'delete: the owner only, messages go too'
const GROUP_NAMES = 200

async function search(actor: Actor, query: string): Promise<shape.Room[]> {
  const answer = done(await actor.get(`/rooms/search?limit=200&query=${encodeURIComponent(query)}`), 200)
  return list(answer.body, 'rooms').map(shape.room)
}

export const rooms: Topic = {
  topic: 'Rooms',
  cases: [
    promise('a public room belongs to its creator', CREATE, async (t) => {
      const ann = await t.person()
      const name = t.name('Café')
      const room = await publicRoom(t.as(ann), name)
      equal(
        [room.kind, room.name, room.owner_id, room.member_count],
        ['public', name, ann.id, 1],
        'kind, name, owner and members',
      )
      equal(room.me?.role, 'owner', 'me.role')
      equal((await roomOf(t.as(ann), room.id)).id, room.id, 'room.id')
    }),
    promise('a group is made from user names', CREATE, async (t) => {
      const [ann, bob, cat] = await t.persons(3)
      const room = await groupOf(t.as(ann), t.name('Group'), [bob, cat])
      equal([room.kind, room.owner_id, room.member_count], ['group', ann.id, 3], 'kind, owner and members')
      for (const one of [bob, cat])
        equal((await roomOf(t.as(one), room.id)).me?.role, 'member', 'me.role of a named person')
    }),
    promise('a name that is repeated counts once or is refused', CREATE, async (t) => {
      const [ann, bob] = await t.persons(2)
      const usernames = [bob.username, bob.username.toUpperCase(), ann.username]
      const answer = await t.as(ann).post('/rooms', { kind: 'group', name: t.name('Twice'), usernames })
      if (answer.status === 400) invalid(answer, 'usernames')
      else equal(at(done(answer, 201).body, 'room.member_count'), 2, 'room.member_count')
    }),
    promise('a group with an unknown name is not made', CREATE, async (t) => {
      const ann = await t.person()
      const name = t.name('Unknown')
      const answer = await t
        .as(ann)
        .post('/rooms', { kind: 'group', name, usernames: [`nobody${unique(10)}`] })
      refused(answer, [400, 404], ['invalid_request', 'not_found'])
      const { text } = done(await t.as(ann).get('/rooms?limit=200'), 200)
      ok(!text.includes(name), 'a refused room is in the list')
    }),
    promise(
      'a group of 200 names passes the bound, one of 201 does not',
      '| members of a `group` at creation | 200 names |',
      async (t) => {
        const ann = await t.person()
        const named = (count: number) => Array.from({ length: count }, (_, n) => `nobody.${unique(10)}.${n}`)
        const create = (count: number) =>
          t.as(ann).post('/rooms', { kind: 'group', name: t.name('Many'), usernames: named(count) })
        const over = invalid(await create(GROUP_NAMES + 1), 'usernames')
        // Nobody has these names, so 200 are refused too, but not for being too many.
        const within = refused(await create(GROUP_NAMES), [400, 404], ['invalid_request', 'not_found'])
        const why = (answer: typeof over) => [
          answer.status,
          at(answer.body, 'error.message'),
          at(answer.body, 'error.details'),
        ]
        ok(
          JSON.stringify(why(over)) !== JSON.stringify(why(within)),
          `200 names are refused as 201 are: ${show(within.text)}`,
        )
      },
    ),
    promise(
      'a direct room with the same person again is the same room, from both sides',
      DIRECT,
      async (t) => {
        const [ann, bob] = await Promise.all([t.person(), t.newcomer()])
        const body = (other: { username: string }) => ({ kind: 'direct', usernames: [other.username] })
        const first = shape.room(at(done(await t.as(ann).post('/rooms', body(bob)), 201).body, 'room'))
        equal([first.kind, first.member_count], ['direct', 2], 'kind and members')
        for (const [who, other] of [
          [ann, bob],
          [bob, ann],
        ] as const) {
          equal(
            at(done(await t.as(who).post('/rooms', body(other)), 200).body, 'room.id'),
            first.id,
            'room.id',
          )
        }
      },
    ),
    promise('two who open the direct room at once get one room', DIRECT, async (t) => {
      const [ann, bob] = await Promise.all([t.person(), t.newcomer()])
      const found = await Promise.all([
        directWith(t.as(ann), bob),
        directWith(t.as(bob), ann),
        directWith(t.as(ann), bob),
      ])
      equal(new Set(found.map((room) => room.id)).size, 1, 'rooms opened')
    }),
    promise('a direct room shows the other person as `peer`', '(`peer` in direct rooms)', async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await directWith(t.as(ann), bob)
      equal((await roomOf(t.as(ann), id)).peer?.id, bob.id, 'peer for the one')
      equal((await roomOf(t.as(bob), id)).peer?.id, ann.id, 'peer for the other')
      const { body } = done(await t.as(bob).get('/rooms?limit=200'), 200)
      const listed = list(body, 'rooms')
        .map(shape.room)
        .find((room) => room.id === id)
      equal(listed?.peer?.id, ann.id, 'peer in the list')
    }),
    promise('a direct room needs exactly one other, known person', CREATE, async (t) => {
      const [ann, bob, cat] = await t.persons(3)
      const open = (usernames: unknown) => t.as(ann).post('/rooms', { kind: 'direct', usernames })
      for (const bad of [[], [bob.username, cat.username], undefined, 'x', [7]]) invalid(await open(bad))
      refused(await open([`nobody${unique(10)}`]), [400, 404], ['invalid_request', 'not_found'])
    }),
    promise('my rooms are listed, latest activity first', MINE, async (t) => {
      const ann = await t.newcomer()
      const made: string[] = []
      for (const name of ['One', 'Two', 'Three']) made.push((await publicRoom(t.as(ann), t.name(name))).id)
      const [one = '', two = '', three = ''] = made
      await say(t.as(ann), one, 'up')
      const ids = list(done(await t.as(ann).get('/rooms'), 200).body, 'rooms').map(
        (room) => shape.room(room).id,
      )
      equal(ids, [one, three, two], 'rooms by activity')
    }),
    promise(
      'my rooms are paged by `next`',
      'Lists return `next` (opaque, passed back as `cursor`) when there is more.',
      async (t) => {
        const ann = await t.newcomer()
        const made: string[] = []
        for (let n = 0; n < 5; n += 1) made.unshift((await publicRoom(t.as(ann), t.name(`Page ${n}`))).id)
        const seen: string[] = []
        let cursor = ''
        for (let page = 0; page < 6; page += 1) {
          const { body } = done(await t.as(ann).get(`/rooms?limit=2${cursor}`), 200)
          seen.push(...list(body, 'rooms').map((room) => shape.room(room).id))
          const next = at(body, 'next')
          if (next === undefined || next === null) break
          cursor = `&cursor=${encodeURIComponent(String(next))}`
        }
        equal(seen, made, 'rooms over all pages')
      },
    ),
    promise('a room shows its last message', '`last_message?`', async (t) => {
      const { ann, bob, room } = await pair(t)
      await say(t.as(ann), room, 'the newest of all')
      const shown = done(await t.as(bob).get('/rooms?limit=200'), 200)
      const mine = list(shown.body, 'rooms').find((one) => at(one, 'id') === room)
      ok(
        show(at(mine, 'last_message'), 5_000).includes('the newest of all'),
        `last_message is ${show(at(mine, 'last_message'))}`,
      )
    }),
    promise('public rooms are found without accents and by parts of words', SEARCH, async (t) => {
      const [ann, bob] = await t.persons(2)
      const tag = unique(10)
      const room = await publicRoom(t.as(ann), `Phòng Đà Nẵng ${tag}`)
      for (const query of [
        `phong da nang ${tag}`,
        `Đà Nẵng ${tag}`,
        `nang ${tag.slice(0, 8)}`,
        tag.slice(2),
        tag.toUpperCase(),
      ]) {
        ok(
          (await search(t.as(bob), query)).some((one) => one.id === room.id),
          `not found by "${query}"`,
        )
      }
      equal((await search(t.as(bob), unique(20))).length, 0, 'rooms found by a random text')
    }),
    promise('the search shows neither groups nor direct rooms nor deleted ones', SEARCH, async (t) => {
      const [ann, bob] = await t.persons(2)
      const tag = unique(12)
      await groupOf(t.as(ann), `Secret ${tag}`, [bob])
      const gone = await publicRoom(t.as(ann), `Gone ${tag}`)
      equal(
        (await search(t.as(bob), tag)).map((room) => room.id),
        [gone.id],
        'rooms found',
      )
      oneOf((await t.as(ann).delete(`/rooms/${gone.id}`)).status, [200, 204], 'status')
      equal((await search(t.as(ann), tag)).length, 0, 'rooms found after the deletion')
    }),
    promise('wildcards in a search are only text', SEARCH, async (t) => {
      const person = await t.person()
      const tag = unique(14)
      for (const query of ['%', '_', '\\', "';--", '*', '\u0000']) {
        const answer = await t.as(person).get(`/rooms/search?query=${encodeURIComponent(`${query}${tag}`)}`)
        if (answer.status === 400) invalid(answer)
        else
          equal(list(done(answer, 200).body, 'rooms').length, 0, `rooms found by ${query} and a random text`)
      }
    }),
    promise(
      'the owner renames a room, a member and an outsider do not',
      '`PATCH /rooms/{id}` `{name?, …}`',
      async (t) => {
        const [ann, bob, eve] = await t.persons(3)
        const room = await publicRoom(t.as(ann), t.name('Before'))
        await join(t.as(bob), room.id)
        refused(await t.as(bob).patch(`/rooms/${room.id}`, { name: t.name('Mine') }), 403, 'forbidden')
        refused(await t.as(eve).patch(`/rooms/${room.id}`, { name: t.name('Mine') }), 403, [
          'forbidden',
          'not_member',
        ])
        const name = t.name('After')
        equal(
          at(done(await t.as(ann).patch(`/rooms/${room.id}`, { name }), 200).body, 'room.name'),
          name,
          'room.name',
        )
        equal((await roomOf(t.as(bob), room.id)).name, name, 'room.name for a member')
        ok(
          (await search(t.as(eve), name)).some((one) => one.id === room.id),
          'not found by its new name',
        )
      },
    ),
    promise('only the owner deletes a room', DELETE, async (t) => {
      const [ann, bob, cat, eve] = await t.persons(4)
      const room = await publicRoom(t.as(ann), t.name('Owned'))
      await join(t.as(bob), room.id)
      await join(t.as(cat), room.id)
      done(await t.as(ann).patch(`/rooms/${room.id}/members/${cat.id}`, { role: 'admin' }), 200)
      for (const other of [bob, cat]) refused(await t.as(other).delete(`/rooms/${room.id}`), 403, 'forbidden')
      refused(await t.as(eve).delete(`/rooms/${room.id}`), 403, ['forbidden', 'not_member'])
      await roomOf(t.as(ann), room.id)
      oneOf((await t.as(ann).delete(`/rooms/${room.id}`)).status, [200, 204], 'status of DELETE by the owner')
    }),
    promise('with a room go its messages and its members, and its name is free', DELETE, async (t) => {
      const [ann, bob] = await t.persons(2)
      const name = t.name('Gone')
      const room = await publicRoom(t.as(ann), name)
      await join(t.as(bob), room.id)
      const word = unique(14)
      const { seq } = await say(t.as(ann), room.id, `secret ${word}`)
      oneOf((await t.as(ann).delete(`/rooms/${room.id}`)).status, [200, 204], 'status')
      for (const who of [ann, bob].map((one) => t.as(one))) {
        for (const path of ['', '/members', '/messages', `/messages/${seq}`, '/log?after=0']) {
          refused(await who.get(`/rooms/${room.id}${path}`), 404, 'not_found')
        }
        refused(await who.post(`/rooms/${room.id}/join`), 404, 'not_found')
        equal(
          list(done(await who.get(`/search?query=${word}`), 200).body, 'messages').length,
          0,
          'messages found',
        )
        ok(!done(await who.get('/rooms?limit=200'), 200).text.includes(room.id), 'the deleted room is listed')
      }
      done(await t.as(bob).post('/rooms', { kind: 'public', name }), 201)
    }),
    promise('an unknown room is not_found', '| 404 | `not_found` |', async (t) => {
      const { ann, room } = await pair(t)
      for (const id of [...foreignIds(room, 2), 'x', 'x'.repeat(40), '0', '-1']) {
        refused(await t.as(ann).get(`/rooms/${id}`), 404, 'not_found')
        refused(await t.as(ann).get(`/rooms/${id}/messages`), 404, 'not_found')
        refused(await t.as(ann).delete(`/rooms/${id}`), 404, 'not_found')
      }
    }),
  ],
}
