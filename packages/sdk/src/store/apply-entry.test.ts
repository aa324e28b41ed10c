import type { Entry, EntryKind, Message, Room } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeRoom, type NewEntry } from '../testing/fake-room.ts'
import { applyToMessage, applyToRoom, toMessage, toNotice } from './apply-entry.ts'
import { applyToWindow, type Window } from './window.ts'

const ME = 'u_me'

const entry = (kind: EntryKind, fields: Partial<Entry> = {}): Entry => ({
  room: 'r',
  seq: 9,
  kind,
  from: 'u_ann',
  at: 900,
  ...fields,
})

const message: Message = {
  room: 'r',
  seq: 3,
  from: 'u_ann',
  at: 300,
  client_id: 'client-3',
  body: 'old',
  reply_to: 2,
  mentions: ['u_me'],
  reactions: [{ emoji: '👍', count: 1, mine: false }],
}

const room: Room = {
  id: 'r',
  kind: 'group',
  name: 'before',
  owner_id: 'u_ann',
  head_seq: 8,
  first_seq: 1,
  created_at: 1,
  last_at: 800,
  member_count: 2,
  me: { role: 'member', read_seq: 8, delivered_seq: 8, unread: 0 },
  last_message: message,
}

describe('a message', () => {
  test('is made from its entry', () => {
    const made = toMessage(
      entry('message', { client_id: 'client-9', body: 'hi', reply_to: 3, mentions: ['u_me'] }),
    )
    expect(made).toEqual({
      room: 'r',
      seq: 9,
      from: 'u_ann',
      at: 900,
      client_id: 'client-9',
      body: 'hi',
      reply_to: 3,
      mentions: ['u_me'],
      reactions: [],
    })
  })

  test('that was blanked by a later deletion is shown as deleted', () => {
    expect(toMessage(entry('message', { body: '', redacted: true }))).toMatchObject({
      body: '',
      deleted: true,
    })
  })

  test('takes the words, the time and the mentions of an edit', () => {
    const edited = applyToMessage(message, entry('edit', { target: 3, body: 'new' }), ME)
    const { mentions: _gone, ...rest } = message
    expect(edited).toEqual({ ...rest, body: 'new', edited_at: 900 })
  })

  test('does not take the blank of an edit that was deleted later', () => {
    expect(applyToMessage(message, entry('edit', { target: 3, body: '', redacted: true }), ME)).toBe(message)
  })

  test('keeps its place but nothing it said when it is deleted', () => {
    expect(applyToMessage({ ...message, pinned: true }, entry('delete', { target: 3 }), ME)).toEqual({
      room: 'r',
      seq: 3,
      from: 'u_ann',
      at: 300,
      client_id: 'client-3',
      body: '',
      reply_to: 2,
      reactions: [],
      deleted: true,
    })
  })

  test('counts reactions, knows its own, and orders them by emoji', () => {
    const more = applyToMessage(message, entry('react', { target: 3, emoji: '👍', from: ME }), ME)
    expect(more.reactions).toEqual([{ emoji: '👍', count: 2, mine: true }])
    const other = applyToMessage(more, entry('react', { target: 3, emoji: '🎉', from: 'u_bob' }), ME)
    expect(other.reactions).toEqual([
      { emoji: '🎉', count: 1, mine: false },
      { emoji: '👍', count: 2, mine: true },
    ])
  })

  test('takes one reaction of its reader only once', () => {
    const once = applyToMessage(message, entry('react', { target: 3, emoji: '👍', from: ME }), ME)
    expect(applyToMessage(once, entry('react', { target: 3, emoji: '👍', from: ME }), ME)).toBe(once)
  })

  test('loses a reaction with the last one who took it back', () => {
    expect(applyToMessage(message, entry('unreact', { target: 3, emoji: '👍' }), ME).reactions).toEqual([])
  })

  test('is pinned and unpinned', () => {
    const pinned = applyToMessage(message, entry('pin', { target: 3 }), ME)
    expect(pinned.pinned).toBe(true)
    expect(applyToMessage(pinned, entry('unpin', { target: 3 }), ME)).toEqual(message)
  })
})

describe('the facts of a room', () => {
  const apply = (one: Entry): Room => applyToRoom(room, one, ME).room

  test('follow every entry with head and time', () => {
    for (const kind of ['message', 'edit', 'react', 'join', 'call'] as const) {
      expect(apply(entry(kind))).toMatchObject({ head_seq: 9, last_at: 900 })
    }
  })

  test('show the newest message, edited if it is', () => {
    expect(apply(entry('message', { body: 'hi', client_id: 'c' })).last_message).toMatchObject({
      seq: 9,
      body: 'hi',
    })
    expect(apply(entry('edit', { target: 3, body: 'new' })).last_message).toMatchObject({
      seq: 3,
      body: 'new',
    })
    expect(apply(entry('edit', { target: 2, body: 'new' })).last_message).toBe(message)
  })

  test('are stale when the newest message was deleted, and only then', () => {
    expect(applyToRoom(room, entry('delete', { target: 3 }), ME).stale).toBe(true)
    expect(applyToRoom(room, entry('delete', { target: 2 }), ME).stale).toBe(false)
  })

  test('count who joins and leaves', () => {
    expect(apply(entry('join', { user: 'u_bob' })).member_count).toBe(3)
    expect(apply(entry('leave', { user: 'u_bob' })).member_count).toBe(1)
  })

  test('take a new name, a new owner and a new role of one’s own', () => {
    expect(apply(entry('rename', { name: 'after' })).name).toBe('after')
    const owned = apply(entry('role', { user: ME, role: 'owner' }))
    expect(owned).toMatchObject({ owner_id: ME, me: { role: 'owner' } })
    expect(apply(entry('role', { user: 'u_bob', role: 'admin' }))).toMatchObject({
      owner_id: 'u_ann',
      me: { role: 'member' },
    })
  })
})

test('joins, leaves, roles, renames and pins are told between the messages; reactions and edits are not', () => {
  const told = (['join', 'leave', 'role', 'rename', 'pin', 'unpin'] as const).map(
    (kind) => toNotice(entry(kind))?.kind,
  )
  expect(told).toEqual(['join', 'leave', 'role', 'rename', 'pin', 'unpin'])
  for (const kind of ['message', 'edit', 'delete', 'react', 'unreact', 'call'] as const) {
    expect(toNotice(entry(kind))).toBeNull()
  }
})

const PEOPLE = [ME, 'u_ann', 'u_bob', 'u_eve']

/** A step somebody tries; it becomes an entry only if the server would write one. */
const step = fc.record({
  kind: fc.constantFrom<EntryKind>(
    'message',
    'message',
    'message',
    'edit',
    'delete',
    'react',
    'react',
    'unreact',
    'pin',
    'unpin',
    'join',
    'leave',
    'role',
    'rename',
  ),
  from: fc.constantFrom(...PEOPLE),
  user: fc.constantFrom(...PEOPLE),
  pick: fc.nat(),
  emoji: fc.constantFrom('👍', '🎉', '❤️'),
  role: fc.constantFrom('admin', 'member', 'reader', 'owner'),
  body: fc.constantFrom('một', 'hai', 'ba'),
  mentions: fc.constantFrom([], [ME]),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

function toEntry(model: FakeRoom, one: Step, index: number): NewEntry | null {
  const { kind, from, user, body, emoji, role, pick } = one
  const messages = model.messages(ME)
  const chosen = messages[pick % Math.max(1, messages.length)]
  const mentions = one.mentions.length > 0 ? { mentions: [...one.mentions] } : {}
  switch (kind) {
    case 'message':
      return { kind, from, body, client_id: `client-${index}`, ...mentions }
    case 'join':
      return model.members.has(user) ? null : { kind, from, user, role: 'member' }
    case 'leave':
      return user !== ME && model.members.has(user) ? { kind, from, user } : null
    case 'role':
      return model.members.has(user) ? { kind, from, user, role } : null
    case 'rename':
      return { kind, from, name: body }
    default:
      return chosen === undefined || chosen.deleted ? null : changeOf(model, one, chosen, mentions, emoji)
  }
}

function changeOf(
  model: FakeRoom,
  one: Step,
  chosen: Message,
  mentions: object,
  emoji: string,
): NewEntry | null {
  const { kind, from, body } = one
  const base = { kind, from, target: chosen.seq }
  const reacted = model.reacted(chosen.seq, emoji, from) !== undefined
  if (kind === 'edit') return { ...base, body, ...mentions }
  if (kind === 'react') return reacted ? null : { ...base, emoji }
  if (kind === 'unreact') return reacted ? { ...base, emoji } : null
  if (kind === 'pin') return chosen.pinned ? null : base
  if (kind === 'unpin') return chosen.pinned ? base : null
  return base
}

test('events applied to old state equal a fresh fetch, from any point of any history, live or read from the log later', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), fc.boolean(), (steps, pick, late) => {
      const from = pick % Math.max(1, steps.length)
      const model = new FakeRoom('r', 'group', 'start', 0)
      model.append({ kind: 'join', from: ME, user: ME, role: 'owner' }, 1)
      let window: Window = { messages: [], notices: [], hasOlder: false, hasNewer: false }
      let facts = model.facts(ME, new Map())
      let position = 0
      const follow = (entries: readonly Entry[]) => {
        for (const one of entries) {
          position = one.seq
          window = applyToWindow(window, one, ME)
          // What a fresh fetch has already told is not applied again.
          if (one.seq <= facts.head_seq) continue
          const applied = applyToRoom(facts, one, ME)
          facts = applied.stale ? model.facts(ME, new Map()) : applied.room
        }
      }
      steps.forEach((one, index) => {
        if (index === from) {
          position = model.head
          window = { ...window, messages: model.messages(ME) }
          facts = model.facts(ME, new Map())
        }
        const next = toEntry(model, one, index)
        if (next === null) return
        const stored = model.append(next, 10 + index)
        if (index >= from && !late) follow([stored])
      })
      if (late) follow(model.log.slice(position))
      if (steps.length === 0) return
      expect(window.messages).toEqual(model.messages(ME))
      const { me, owner_id, ...fresh } = model.facts(ME, new Map())
      const { me: mine, owner_id: owner, ...folded } = facts
      expect(folded).toEqual(fresh)
      expect(mine?.role).toBe(me?.role)
    }),
    { numRuns: 500 },
  )
})
