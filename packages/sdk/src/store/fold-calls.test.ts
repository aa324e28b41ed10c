import type { CallLineShape } from '@parley/protocol/calls'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TimelineItem } from '../api.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import { Harness, until } from '../testing/harness.ts'
import { type CallNotice, FoldedCalls } from './fold-calls.ts'

type Line = Omit<CallLineShape, 'call'>

const line = (seq: number, from: string, call: string, told: Line): CallNotice => ({
  kind: 'call',
  seq,
  from,
  at: seq * 1_000,
  line: { call, ...told },
})
const answered = [
  line(10, 'ann', 'c1', { line: 'started', media: 'video' }),
  line(11, 'ann', 'c1', { line: 'joined' }),
  line(14, 'bob', 'c1', { line: 'joined' }),
  line(20, 'bob', 'c1', { line: 'left', duration_ms: 6_000 }),
  line(21, 'bob', 'c1', { line: 'joined' }),
  line(29, 'ann', 'c1', { line: 'left', duration_ms: 18_000 }),
  line(30, 'ann', 'c1', { line: 'ended', duration_ms: 15_000 }),
]
const unanswered = (call: string, seq: number): CallNotice[] => [
  line(seq, 'bob', call, { line: 'started', media: 'sound' }),
  line(seq + 1, 'bob', call, { line: 'joined' }),
  line(seq + 2, 'bob', call, { line: 'missed', reason: 'missed' }),
]
const foldOf = (lines: readonly CallNotice[]) => [...new FoldedCalls().fold(lines).values()]

describe('lines of calls', () => {
  it('are one item a call, which knows who was in it, how long, and how it ended', () => {
    expect(foldOf([...answered, ...unanswered('c2', 31)])).toEqual([
      {
        type: 'call',
        key: 'call:c1',
        seq: 10,
        call: 'c1',
        from: 'ann',
        at: 10_000,
        media: 'video',
        users: ['ann', 'bob'],
        end: { at: 30_000, reason: 'completed', duration_ms: 15_000 },
      },
      expect.objectContaining({
        key: 'call:c2',
        seq: 31,
        users: ['bob'],
        end: { at: 33_000, reason: 'missed' },
      }),
    ])
  })

  it('leave the item as it is until a line of this very call comes', () => {
    const fold = new FoldedCalls()
    const first = fold.fold(answered.slice(0, 3)).get(10)
    expect(fold.fold([...answered.slice(0, 3), ...unanswered('c2', 40)]).get(10)).toBe(first)
    const ended = fold.fold([...answered, ...unanswered('c2', 40)]).get(10)
    expect(ended).toMatchObject({ key: 'call:c1', end: { reason: 'completed' } })
  })

  it('stand in the same place and contradict nothing, whatever part of the log is loaded', () => {
    const all = [...unanswered('c0', 5), ...answered, ...unanswered('c2', 31)]
    const whole = new Map(foldOf(all).map((item) => [item.key, item]))
    fc.assert(
      fc.property(fc.nat(all.length), fc.nat(all.length), (a, b) => {
        const part = all.slice(Math.min(a, b), Math.max(a, b))
        const starts = part.filter((one) => one.line.line === 'started').map(({ seq }) => seq)
        const items = foldOf(part)
        expect(items.map(({ seq }) => seq)).toEqual(starts)
        for (const item of items) {
          const full = whole.get(item.key)
          if (item.type !== 'call' || full?.type !== 'call') throw new Error('only calls were folded')
          expect({ ...full, users: [], end: null }).toEqual({ ...item, users: [], end: null })
          expect(full.users.slice(0, item.users.length)).toEqual(item.users)
          if (item.end !== undefined) expect(item.end).toEqual(full.end)
        }
      }),
    )
  })
})

describe('a call in a timeline', () => {
  let harness: Harness
  let room: FakeRoom
  beforeEach(async () => {
    harness = await Harness.start()
    for (const name of ['ann', 'bob']) harness.server.addUser(name)
    room = harness.server.addRoom('r1', 'group', ['u_ann', 'u_bob'])
  })
  afterEach(() => harness.end())

  const tell = (from: string, told: Line, call = 'c1') =>
    harness.server.append(room, { kind: 'call', from, call: { call, ...told } })
  const callsOf = (items: readonly TimelineItem[]) => items.filter((item) => item.type === 'call')
  const open = async () => {
    const timeline = (await harness.signIn('ann')).timeline('r1')
    await until(timeline, ({ status }) => status === 'ready')
    return timeline
  }

  it('comes and changes while it goes on, between the messages around it', async () => {
    harness.server.say(room, 'u_bob', 'before')
    const timeline = await open()
    tell('u_bob', { line: 'started', media: 'sound' })
    tell('u_bob', { line: 'joined' })
    harness.server.say(room, 'u_bob', 'meanwhile')
    const isThere = (item: TimelineItem) => item.type === 'message' && item.body === 'meanwhile'
    const during = await until(timeline, (now) => now.items.some(isThere))
    expect(callsOf(during.items)).toMatchObject([{ key: 'call:c1', users: ['u_bob'] }])
    tell('u_ann', { line: 'joined' })
    tell('u_bob', { line: 'ended', duration_ms: 720_000 })
    const { items } = await until(timeline, (now) => callsOf(now.items)[0]?.end !== undefined)
    expect(items.slice(-3)).toMatchObject([
      { body: 'before' },
      { key: 'call:c1', users: ['u_bob', 'u_ann'], end: { reason: 'completed', duration_ms: 720_000 } },
      { body: 'meanwhile' },
    ])
  })

  it('whose lines lie on several pages is there once its first one is, with all that followed', async () => {
    harness.server.say(room, 'u_bob', 'before')
    tell('u_bob', { line: 'started', media: 'video' })
    tell('u_bob', { line: 'joined' })
    for (let index = 0; index < 60; index++) harness.server.say(room, 'u_bob', `m${index}`)
    tell('u_ann', { line: 'joined' })
    tell('u_bob', { line: 'ended', duration_ms: 5_000 })
    const timeline = await open()
    expect(callsOf(timeline.get().items)).toEqual([])
    await timeline.loadOlder()
    const { items } = timeline.get()
    expect(callsOf(items)).toMatchObject([{ users: ['u_bob', 'u_ann'], end: { duration_ms: 5_000 } }])
    const place = items.findIndex((item) => item.type === 'call')
    expect(items.slice(place - 1, place + 2)).toMatchObject([{ body: 'before' }, {}, { body: 'm0' }])
  })
})
