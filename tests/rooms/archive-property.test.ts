/**
 * Nobody notices the archive: a room whose entries are moved at random answers everything exactly like one that did the
 * same and whose entries stay where they are.
 */
import { type Entry, ParleyError } from '@parley/protocol'
import { createIndexMessages } from '@parley/services/rooms/index-messages'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

const PEOPLE = 3
/** So that most of what is done meets a message. */
const FIRST_MESSAGES = 12
const WORDS = ['đường phố', 'Straße', 'old news', 'hello @person-b', 'x']

type Action =
  | { kind: 'send'; who: number; n: number; word: number; replyTo: number | undefined }
  | { kind: 'edit'; who: number; target: number; word: number; n: number }
  | { kind: 'delete' | 'pin' | 'unpin'; who: number; target: number; n: number }
  | { kind: 'react' | 'unreact'; who: number; target: number; emoji: string }
  | { kind: 'read'; who: number; target: number }
  | { kind: 'archive'; after: number; limit: number }
  | { kind: 'index' }

const who = fc.nat(PEOPLE - 1)
const target = fc.integer({ min: 1, max: 20 })
const n = fc.nat(12)
const word = fc.nat(WORDS.length - 1)
const replyTo = fc.option(target, { nil: undefined, freq: 5 })
const kind = <Kind extends string>(...kinds: Kind[]) => fc.constantFrom(...kinds)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: kind('send'), who, n, word, replyTo }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('edit'), who, target, word, n }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('delete', 'pin', 'unpin'), who, target, n }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('react', 'unreact'),
      who,
      target,
      emoji: fc.constantFrom('👍', '🎉'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('read'), who, target }) },
  // Islands too, as entries that somebody was changing leave them.
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind('archive'),
      after: fc.nat(15),
      limit: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('index') }) },
)

let kit: RoomsKit
let people: string[]
beforeAll(async () => {
  kit = await createRoomsKit()
  people = await Promise.all(['person-a', 'person-b', 'person-c'].map((name) => kit.person(name)))
})
afterAll(() => kit.close())

/** What somebody is told, without what two rooms never share. */
function plain(told: unknown): unknown {
  return JSON.parse(
    JSON.stringify(told, (key, value) => {
      if (key === 'room' && typeof value === 'string') return 'room'
      return key === 'at' || key === 'edited_at' ? 0 : value
    }),
  )
}

async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return plain(await work)
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code === 'unavailable') throw error
    return error.code
  }
}

function act(room: string, step: Exclude<Action, { kind: 'archive' | 'index' }>): Promise<unknown> {
  const { rooms } = kit
  const inRoom = { user: people[step.who] ?? '', room }
  const key = 'n' in step ? { client_id: `${step.kind}-${step.who}-${step.n}` } : {}
  switch (step.kind) {
    case 'send':
      return rooms.sendMessage({
        ...inRoom,
        client_id: `send-${step.who}-${step.n}`,
        body: `${WORDS[step.word]} ${step.n}`,
        ...(step.replyTo === undefined ? {} : { reply_to: step.replyTo }),
      })
    case 'edit':
      return rooms.editMessage({ ...inRoom, ...key, target: step.target, body: `edited ${WORDS[step.word]}` })
    case 'delete':
      return rooms.deleteMessage({ ...inRoom, ...key, target: step.target })
    case 'pin':
    case 'unpin':
      return rooms[step.kind]({ ...inRoom, ...key, target: step.target })
    case 'react':
    case 'unreact':
      return rooms[step.kind]({ ...inRoom, target: step.target, emoji: step.emoji })
    case 'read':
      return rooms.mark({ ...inRoom, read: step.target })
  }
}

async function archive(room: string, after: number, limit: number): Promise<void> {
  await kit.database.query(
    `select * from rooms.move_entries(array[$1], array[$2::bigint], array['infinity'::timestamptz], $3)`,
    [room, after, limit],
  )
}

async function readWholeLog(user: string, room: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (;;) {
    const after = entries.at(-1)?.seq ?? 0
    const [page] = (await kit.rooms.readLog({ user, rooms: [{ room, after }], limit: 7 })).rooms
    if (page === undefined || 'error' in page) throw new Error('the log cannot be read')
    entries.push(...page.entries)
    if (!page.more) return entries
  }
}

async function searchAll(user: string, room: string, query: string): Promise<number[]> {
  const found: number[] = []
  let cursor: string | undefined
  do {
    const page = await kit.rooms.searchMessages({ user, room, query, limit: 3, cursor })
    found.push(...page.messages.map(({ seq }) => seq))
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

/** Everything that can be asked about the room. */
async function askEverything(room: string): Promise<unknown> {
  const { rooms } = kit
  const { heads } = await rooms.heads({ rooms: [room] })
  const head = heads[room] ?? 0
  const perPerson = await Promise.all(
    people.map(async (user) => {
      const {
        id: _id,
        name: _name,
        created_at: _c,
        last_at: _l,
        ...facts
      } = (await rooms.getRoom({ user, room })).room
      const pages = []
      for (const place of [0, 1, 3, 8, head, head + 1]) {
        for (const direction of ['before', 'after', 'around'] as const)
          pages.push(await rooms.listMessages({ user, room, limit: 4, [direction]: place }))
      }
      return {
        facts,
        newest: await rooms.listMessages({ user, room, limit: 50 }),
        pages,
        pins: await rooms.listPins({ user, room }),
        found: await Promise.all(
          ['duong', 'strasse', 'old', 'edited', 'e'].map((q) => searchAll(user, room, q)),
        ),
      }
    }),
  )
  const user = people[0] ?? ''
  const messages = await Promise.all(
    Array.from({ length: head }, (_, index) => outcomeOf(rooms.getMessage({ user, room, seq: index + 1 }))),
  )
  const events = (await rooms.replay({ room, after: 0, upto: head })).events.map((event) => ({
    ...event,
    frame: JSON.parse(event.frame) as unknown,
  }))
  return plain({ head, perPerson, messages, events, log: await readWholeLog(user, room) })
}

describe('a room whose old entries are in the archive', () => {
  it('answers everything, and takes every change, exactly like one whose entries are not', async () => {
    const index = createIndexMessages(kit.database)
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 60 }), async (steps) => {
        const [owner = '', ...others] = people
        const archived = await kit.publicRoom(owner, ...others)
        const control = await kit.publicRoom(owner, ...others)
        for (const room of [archived, control])
          for (let i = 0; i < FIRST_MESSAGES; i++)
            await kit.send(people[i % PEOPLE] ?? '', room, `first ${i}`, `first-${i}`)
        for (const step of steps) {
          if (step.kind === 'archive') await archive(archived, step.after, step.limit)
          else if (step.kind === 'index') {
            const { heads } = await kit.rooms.heads({ rooms: [archived, control] })
            await index({ id: 'x', body: JSON.stringify({ heads }) })
          } else {
            const expected = await outcomeOf(act(control, step))
            expect(await outcomeOf(act(archived, step))).toEqual(expected)
          }
        }
        expect(await askEverything(archived)).toEqual(await askEverything(control))
        await archive(archived, 0, 1_000)
        expect(await askEverything(archived)).toEqual(await askEverything(control))
      }),
      { numRuns: Number(process.env.PARLEY_PROPERTY_RUNS ?? 20) },
    )
  }, 120_000)
})
