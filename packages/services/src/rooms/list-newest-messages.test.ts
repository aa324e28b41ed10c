import type { Cache } from '@parley/contracts'
import { BODY_MAX_CHARS, LIST_DEFAULT_ITEMS, ParleyError } from '@parley/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../../../../tests/support/rooms-kit.ts'
import type { RunningRoomsService } from './create-rooms-service.ts'

const PEOPLE = 4
const LIMITS = [1, 3, LIST_DEFAULT_ITEMS, LIST_DEFAULT_ITEMS + 1]

/** Remembers everything ever stored; what it answers is the test's choice: any of it, of any room, or nothing. */
function createFaultyCache() {
  const stored = new Map<string, string[]>()
  const cache: Cache & { choose: (values: readonly string[]) => string | undefined } = {
    choose: (values) => values.at(-1),
    async get(key) {
      return cache.choose(stored.get(key) ?? [])
    },
    set(key, value) {
      stored.set(key, [...(stored.get(key) ?? []), value])
    },
  }
  return { cache, stored }
}

const { cache, stored } = createFaultyCache()
let kit: RoomsKit
let cached: RunningRoomsService
let people: string[]
beforeAll(async () => {
  kit = await createRoomsKit()
  cached = kit.another({ cache })
  people = await Promise.all(Array.from({ length: PEOPLE }, () => kit.person()))
})
afterAll(() => kit.close())

const answerOf = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (error instanceof ParleyError) return error.code
    throw error
  })

const who = fc.nat(PEOPLE - 1)
const target = fc.integer({ min: 1, max: 30 })
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('edit', 'delete', 'pin', 'unpin'), who, target }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('react', 'unreact'),
      who,
      target,
      emoji: fc.constantFrom('👍', '🎉'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('remove', 'ban', 'join', 'leave', 'reader'), who }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'restore', 'deleteRoom'), who }) },
)
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

/** Does it through the service, or, for what no verb does yet, as an operator would; refusals are fair answers. */
async function act(room: string, step: Action): Promise<void> {
  const { rooms, database } = kit
  const user = people[step.who] as string
  const owner = people[0] as string
  switch (step.kind) {
    case 'send':
      await answerOf(kit.send(user, room, `by ${step.who}`))
      break
    case 'edit':
      await answerOf(rooms.editMessage({ user, room, target: step.target, body: 'changed' }))
      break
    case 'delete':
      await answerOf(rooms.deleteMessage({ user, room, target: step.target }))
      break
    case 'pin':
    case 'unpin':
      await answerOf(rooms[step.kind]({ user, room, target: step.target }))
      break
    case 'react':
    case 'unreact':
      await answerOf(rooms[step.kind]({ user, room, target: step.target, emoji: step.emoji }))
      break
    case 'remove':
      await answerOf(rooms.removeMember({ user: owner, room, member: user }))
      break
    case 'ban':
      await answerOf(rooms.banMember({ user: owner, room, member: user }))
      break
    case 'join':
      await answerOf(rooms.liftBan({ user: owner, room, member: user }))
      await answerOf(rooms.joinRoom({ user, room }))
      break
    case 'leave':
      await answerOf(rooms.leaveRoom({ user, room }))
      break
    case 'reader':
      await answerOf(rooms.setRole({ user: owner, room, member: user, role: 'reader' }))
      break
    case 'cut':
      await cutHead(room)
      break
    case 'restore':
      // A backup that ends before the last entry: its number will be given to another one.
      await database.query(
        `with last as (delete from rooms.entry e using rooms.room r where r.id = $1 and e.room_id = $1 and e.seq = r.head_seq
           and e.kind = 'message' and r.head_seq > r.first_seq returning e.seq)
         update rooms.room set head_seq = head_seq - 1, changed = pg_current_xact_id() where id = $1 and exists (select 1 from last)`,
        [room],
      )
      break
    case 'deleteRoom':
      await answerOf(rooms.deleteRoom({ user, room }))
      break
  }
}

/** Retention takes the oldest five entries. */
async function cutHead(room: string): Promise<void> {
  await kit.database.query(
    `with cut as (update rooms.room set first_seq = least(head_seq, first_seq + 5) where id = $1 returning first_seq)
     delete from rooms.entry where room_id = $1 and seq < (select first_seq from cut)`,
    [room],
  )
}

describe('the newest page with a cache', () => {
  it('is that of the database for everybody after every step, whatever the cache forgets, delays or brings back', async () => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(action, fc.array(fc.nat(), { minLength: 1, maxLength: 5 })), {
          minLength: 5,
          maxLength: 25,
        }),
        async (steps) => {
          const room = await kit.publicRoom(people[0] as string, ...people.slice(1, 3))
          for (let n = 0; n < 3; n++) await kit.send(people[n] as string, room, `first ${n}`)
          for (const [step, choices] of steps) {
            await act(room, step)
            let asked = 0
            cache.choose = (values) => {
              // Half the time what was stored last, otherwise any older value or nothing.
              const choice = choices[asked++ % choices.length] as number
              const value = choice % 2 === 0 ? values.at(-1) : values[choice % (values.length + 1)]
              if (value !== undefined) hits++
              return value
            }
            for (const user of people) {
              for (const limit of LIMITS) {
                const input = { user, room, limit }
                expect(await answerOf(cached.listMessages(input))).toEqual(
                  await answerOf(kit.rooms.listMessages(input)),
                )
              }
            }
          }
        },
      ),
      { numRuns: 15 },
    )
    expect(hits).toBeGreaterThan(100)
  })

  it('comes from the cache when nothing has changed, and says who reacted to each asker alone', async () => {
    cache.choose = (values) => values.at(-1)
    const [ann, bob] = people as [string, string]
    const room = await kit.publicRoom(ann, bob)
    const seq = await kit.send(ann, room, 'hello')
    await kit.rooms.react({ user: bob, room, target: seq, emoji: '👍' })
    const page = (user: string) => cached.listMessages({ user, room, limit: 10 })
    await page(ann)
    // If the database were asked for messages, it would show this.
    await kit.database.query(`update rooms.entry set body = 'not from the cache' where room_id = $1`, [room])
    expect((await page(ann)).messages).toMatchObject([
      { body: 'hello', reactions: [{ emoji: '👍', count: 1, mine: false }] },
    ])
    expect((await page(bob)).messages).toMatchObject([
      { body: 'hello', reactions: [{ emoji: '👍', count: 1, mine: true }] },
    ])
    expect((await kit.rooms.listMessages({ user: ann, room, limit: 10 })).messages[0]?.body).toBe(
      'not from the cache',
    )
  })

  it('takes nothing from the cache that is another room’s or not a page at all', async () => {
    const [ann] = people as [string]
    const [room, other] = [await kit.publicRoom(ann), await kit.publicRoom(ann)]
    await kit.send(ann, other, 'elsewhere')
    await cached.listMessages({ user: ann, room: other, limit: 10 })
    const foreign = stored.get(`rooms.newest.1.${other}`)?.at(-1)
    for (const value of [
      foreign,
      '',
      '{',
      'null',
      '[]',
      `{"room":"${room}"}`,
      `{"room":"${room}","messages":{}}`,
    ]) {
      cache.choose = () => value
      expect(await cached.listMessages({ user: ann, room, limit: 10 })).toEqual({ messages: [], more: false })
    }
    cache.choose = (values) => values.at(-1)
  })

  it('stores no page that is larger than its bound', async () => {
    const [ann] = people as [string]
    const room = await kit.publicRoom(ann)
    const page = () => cached.listMessages({ user: ann, room, limit: LIST_DEFAULT_ITEMS })
    const key = `rooms.newest.1.${room}`
    for (let n = 0; n < 15; n++) await kit.send(ann, room, 'x'.repeat(BODY_MAX_CHARS))
    await page()
    expect(stored.get(key)).toHaveLength(1)
    expect(stored.get(key)?.[0]?.length).toBeLessThanOrEqual(128 * 1024)
    for (let n = 0; n < 2; n++) await kit.send(ann, room, 'x'.repeat(BODY_MAX_CHARS))
    expect((await page()).messages).toHaveLength(17)
    expect(stored.get(key)).toHaveLength(1)
  })
})
