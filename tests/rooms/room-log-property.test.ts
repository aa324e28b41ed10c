/**
 * Any interleaving of what people do in a room leaves a dense log without duplicates, answers retries with the first
 * result, and a client that applies the log sees what a fresh fetch answers.
 */
import { type Entry, type Message, ParleyError } from '@parley/protocol'
import { applyToMessage, toMessage } from '@parley/sdk/store/apply-entry'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

const PEOPLE = 4

type Action =
  | { kind: 'send' | 'resend'; who: number; n: number }
  | { kind: 'edit' | 'delete' | 'pin' | 'unpin'; who: number; target: number }
  | { kind: 'react' | 'unreact'; who: number; target: number; emoji: string }
  | { kind: 'remove' | 'join' | 'reader'; who: number }

const who = fc.nat(PEOPLE - 1)
const target = fc.integer({ min: 1, max: 40 })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('send', 'resend'), who, n: fc.nat(15) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('edit', 'delete', 'pin', 'unpin'), who, target }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('react', 'unreact'),
      who,
      target,
      emoji: fc.constantFrom('👍', '🎉', '❤️'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove', 'join', 'reader'),
      who: fc.integer({ min: 1, max: PEOPLE - 1 }),
    }),
  },
)

let kit: RoomsKit
let people: string[]
beforeAll(async () => {
  kit = await createRoomsKit()
  people = await Promise.all(Array.from({ length: PEOPLE }, () => kit.person()))
})
afterAll(() => kit.close())

interface Outcome {
  readonly key: string
  readonly entry: Entry
  readonly fresh: boolean
}

/** Does it; a refusal by the catalogue is a fair answer, anything else is not. */
async function act(room: string, action: Action): Promise<Outcome | null> {
  const { rooms } = kit
  const user = people[action.who] ?? ''
  const owner = people[0] ?? ''
  const inRoom = { user, room }
  const clientId = 'n' in action ? `message-${action.who}-${action.n}` : ''
  try {
    switch (action.kind) {
      case 'send':
      case 'resend': {
        const result = await rooms.sendMessage({
          ...inRoom,
          client_id: clientId,
          body: `${action.kind} ${action.n}`,
        })
        return { key: `${user} ${clientId}`, ...result }
      }
      case 'edit':
        await rooms.editMessage({ ...inRoom, target: action.target, body: `edited by ${action.who}` })
        return null
      case 'delete':
        await rooms.deleteMessage({ ...inRoom, target: action.target })
        return null
      case 'pin':
      case 'unpin':
        await rooms[action.kind]({ ...inRoom, target: action.target })
        return null
      case 'react':
      case 'unreact':
        await rooms[action.kind]({ ...inRoom, target: action.target, emoji: action.emoji })
        return null
      case 'remove':
        await rooms.removeMember({ user: owner, room, member: user })
        return null
      case 'join':
        await rooms.joinRoom(inRoom)
        return null
      case 'reader':
        await rooms.setRole({ user: owner, room, member: user, role: 'reader' })
        return null
    }
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code === 'unavailable') throw error
    return null
  }
}

async function readWholeLog(user: string, room: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (;;) {
    const [page] = (
      await kit.rooms.readLog({ user, rooms: [{ room, after: entries.at(-1)?.seq ?? 0 }], limit: 50 })
    ).rooms
    if (page === undefined || 'error' in page) throw new Error('the log cannot be read')
    entries.push(...page.entries)
    if (!page.more) return entries
  }
}

function fold(entries: readonly Entry[], me: string): Message[] {
  const messages = new Map<number, Message>()
  for (const entry of entries) {
    if (entry.kind === 'message') messages.set(entry.seq, toMessage(entry))
    const changed = entry.target === undefined ? undefined : messages.get(entry.target)
    if (changed !== undefined) messages.set(changed.seq, applyToMessage(changed, entry, me))
  }
  return [...messages.values()]
}

describe('the room log, whatever people do at the same time', () => {
  it('stays dense, knows repetitions, and replays to what a fresh fetch answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(action, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        async (waves) => {
          const room = await kit.publicRoom(people[0] ?? '', ...people.slice(1))
          const outcomes: Outcome[] = []
          for (const wave of waves) {
            const results = await Promise.all(wave.map((step) => act(room, step)))
            outcomes.push(...results.filter((result) => result !== null))
          }
          const log = await readWholeLog(people[0] ?? '', room)
          expect(log.map((entry) => entry.seq)).toEqual(log.map((_, index) => index + 1))

          const byKey = Map.groupBy(outcomes, (outcome) => outcome.key)
          for (const [key, results] of byKey) {
            expect(new Set(results.map((result) => result.entry.seq)).size).toBe(1)
            expect(results.filter((result) => result.fresh).length).toBe(1)
            const [user, clientId] = key.split(' ')
            expect(log.filter((entry) => entry.from === user && entry.client_id === clientId)).toHaveLength(1)
          }
          const me = people[0] ?? ''
          const fetched = (await kit.rooms.listMessages({ user: me, room, limit: 200 })).messages
          expect(fold(log, me)).toEqual(fetched)
        },
      ),
      { numRuns: Number(process.env.PARLEY_PROPERTY_RUNS ?? 60) },
    )
  }, 60_000)
})
