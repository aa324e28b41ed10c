import { at, equal, eventually, list, ok, oneOf } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Actor } from '../lib/context.ts'
import { foreignIds, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const ME = '`GET /users/me`, `PATCH /users/me` `{display_name?, avatar_file_id?, …}` → `{user}`'
const FIND =
  '`GET /users?query=&online=`: part of a name, accent-insensitive; `online=1`: those connected now'
const NEXT = 'Lists return `next` (opaque, passed back as `cursor`) when there is more.'
const OFFLINE_WITHIN_MS = 40_000

async function found(actor: Actor, query: string): Promise<shape.User[]> {
  return list(done(await actor.get(`/users?${query}`), 200).body, 'users').map(shape.user)
}

/** All pages of those connected now whose name contains `query`. */
async function isOnline(actor: Actor, who: shape.User | { id: string; username: string }): Promise<boolean> {
  const users = await found(actor, `online=1&limit=200&query=${who.username}`)
  return users.some((one) => one.id === who.id)
}

export const users: Topic = {
  topic: 'Users',
  cases: [
    promise('users/me is oneself, in the user shape', ME, async (t) => {
      const person = await t.person()
      const me = shape.user(at(done(await t.as(person).get('/users/me'), 200).body, 'user'))
      equal([me.id, me.username], [person.id, person.username], 'user')
    }),
    promise('PATCH users/me changes the display name for everyone', ME, async (t) => {
      const [ann, bob] = await t.persons(2)
      const name = `Ann ${unique(8)}`
      equal(
        at(done(await t.as(ann).patch('/users/me', { display_name: name }), 200).body, 'user.display_name'),
        name,
        'display_name',
      )
      equal(
        at(done(await t.as(bob).get(`/users/${ann.id}`), 200).body, 'user.display_name'),
        name,
        'display_name seen by another',
      )
    }),
    promise(
      'PATCH users/me leaves id and user name alone',
      'Unknown fields are ignored by both sides.',
      async (t) => {
        const person = await t.person()
        await t
          .as(person)
          .patch('/users/me', { id: 'other', username: `x${unique(8)}`, display_name: 'Same' })
        const me = shape.user(at(done(await t.as(person).get('/users/me'), 200).body, 'user'))
        equal([me.id, me.username], [person.id, person.username], 'user')
      },
    ),
    promise(
      'another user is shown without secrets',
      '**user** `{id, username, display_name, avatar_url?}`',
      async (t) => {
        const [ann, bob] = await t.persons(2)
        const answer = done(await t.as(ann).get(`/users/${bob.id}`), 200)
        equal(shape.user(at(answer.body, 'user')).username, bob.username, 'user.username')
        ok(!answer.text.includes(bob.email), 'the e-mail address of another is shown')
      },
    ),
    promise('an unknown user is not_found', '| 404 | `not_found` |', async (t) => {
      const person = await t.person()
      for (const id of [...foreignIds(person.id, 1), 'nobody', 'x'.repeat(40)])
        refused(await t.as(person).get(`/users/${id}`), 404, 'not_found')
    }),
    promise('users are found by a part of their name', FIND, async (t) => {
      const [ann, bob] = await t.persons(2)
      for (const part of [bob.username, bob.username.slice(2, -1), bob.username.slice(3).toUpperCase()]) {
        const users = await found(t.as(ann), `limit=200&query=${part}`)
        ok(
          users.some((one) => one.id === bob.id),
          `${bob.username} is not found by "${part}"`,
        )
      }
      equal((await found(t.as(ann), `query=${unique(20)}`)).length, 0, 'users found by a name nobody has')
    }),
    promise('users are found without accents, also by the display name', FIND, async (t) => {
      const [ann, bob] = await t.persons(2)
      const tag = unique(10)
      done(await t.as(bob).patch('/users/me', { display_name: `Nguyễn Đình ${tag}` }), 200)
      for (const part of [`nguyen dinh ${tag}`, `Nguyễn Đình ${tag}`, `DINH ${tag}`]) {
        await eventually(`"${part}" finds the person`, 2_000, async () => {
          const users = await found(t.as(ann), `query=${encodeURIComponent(part)}`)
          return users.some((one) => one.id === bob.id) ? true : undefined
        })
      }
    }),
    promise('a query of wildcards is only text', FIND, async (t) => {
      const person = await t.person()
      for (const query of ['%25', '_%25_%25', '%5C', "'", '%22%3B--', '%00', '*']) {
        const answer = await t.as(person).get(`/users?query=${query}${unique(12)}`)
        if (answer.status === 400) invalid(answer)
        else
          equal(list(done(answer, 200).body, 'users').length, 0, `users found by ${query} and a random text`)
      }
    }),
    promise('the list of users is paged by `next`', NEXT, async (t) => {
      const tag = unique(10)
      const people = await t.persons(3)
      for (const one of people) done(await t.as(one).patch('/users/me', { display_name: `Page ${tag}` }), 200)
      const seen: string[] = []
      let cursor = ''
      for (let page = 0; page < 5; page += 1) {
        const { body } = done(await t.as(people[0]).get(`/users?query=${tag}&limit=1${cursor}`), 200)
        const users = list(body, 'users').map(shape.user)
        ok(users.length <= 1, `a page of ${users.length} with limit=1`)
        seen.push(...users.map((one) => one.id))
        const next = at(body, 'next')
        if (next === undefined || next === null) break
        cursor = `&cursor=${encodeURIComponent(String(next))}`
      }
      equal([...seen].sort(), people.map((one) => one.id).sort(), 'users over all pages')
    }),
    promise('online=1 lists those connected now', FIND, async (t) => {
      const [ann, bob] = await t.persons(2)
      await t.connect(bob)
      await eventually('online=1 lists the connected person', 5_000, async () =>
        (await isOnline(t.as(ann), bob)) ? true : undefined,
      )
    }),
    promise(
      'online=1 does not list those who left',
      FIND,
      async (t) => {
        const [ann, bob] = await t.persons(2)
        const link = await t.connect(bob)
        await eventually('online=1 lists the connected person', 5_000, async () =>
          (await isOnline(t.as(ann), bob)) ? true : undefined,
        )
        await link.end()
        await eventually('online=1 forgets who left', OFFLINE_WITHIN_MS, async () =>
          (await isOnline(t.as(ann), bob)) ? undefined : true,
        )
      },
      'slow',
    ),
    promise('`online` takes 1 only or 0, and nonsense never breaks it', '`invalid_request`', async (t) => {
      const person = await t.person()
      for (const online of ['1', '0', 'maybe', ''])
        oneOf((await t.as(person).get(`/users?online=${online}&limit=1`)).status, [200, 400], 'status')
    }),
  ],
}
