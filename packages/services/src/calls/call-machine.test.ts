import { RING_MS } from '@parley/protocol/calls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advanceCall,
  type Call,
  type CallEvent,
  type CallLine,
  type CallSignal,
  type CallStep,
  GRACE_MS,
  nextTick,
  startCall,
} from './call-machine.ts'

const ring = (more: Partial<Parameters<typeof startCall>[0]> = {}): CallStep =>
  startCall({
    id: 'call',
    room: 'room',
    media: 'video',
    direct: true,
    user: 'ann',
    endpoint: 'ann-1',
    at: 0,
    others: ['bob'],
    busy: new Set(),
    size: 2,
    sfu: null,
    ...more,
  })

/** Everything that follows from the start on. */
function tell(first: CallStep, ...events: CallEvent[]): CallStep {
  return events.reduce<CallStep>((so, event) => {
    const next = advanceCall(so.call, event)
    return {
      call: next.call,
      lines: [...so.lines, ...next.lines],
      signals: [...so.signals, ...next.signals],
    }
  }, first)
}

const join = (user: string, endpoint: string, at: number): CallEvent => ({ type: 'join', user, endpoint, at })
const leave = (user: string, endpoint: string, at: number): CallEvent => ({
  type: 'leave',
  user,
  endpoint,
  at,
})
const last = (lines: readonly CallLine[]): CallLine | undefined => lines.at(-1)

describe('between two', () => {
  it('rings, is answered on one endpoint, silent on the others, and ends for both with how long it took', () => {
    const { call, lines, signals } = tell(ring(), join('bob', 'bob-2', 4_000), leave('ann', 'ann-1', 64_000))
    expect(signals).toContainEqual({ signal: 'ring', user: 'bob' })
    expect(signals).toContainEqual({ signal: 'silence', user: 'bob', why: 'joined' })
    expect(signals).toContainEqual({ signal: 'dismiss', user: 'bob', endpoint: 'bob-2' })
    expect(call.ended).toEqual({ at: 64_000, reason: 'completed' })
    expect(lines).toEqual([
      { line: 'started', user: 'ann', media: 'video', rung: ['bob'] },
      { line: 'joined', user: 'ann' },
      { line: 'joined', user: 'bob' },
      { line: 'left', user: 'ann', durationMs: 64_000 },
      { line: 'left', user: 'bob', durationMs: 60_000 },
      { line: 'ended', durationMs: 60_000, media: 'video', rung: [] },
    ])
  })

  it.each<[string, CallStep, string]>([
    ['declined', tell(ring(), { type: 'decline', user: 'bob', at: 1_000 }), 'declined'],
    ['not answered in time', tell(ring(), { type: 'tick', at: RING_MS }), 'missed'],
    ['given up by the caller', tell(ring(), leave('ann', 'ann-1', 2_000)), 'cancelled'],
    ['to somebody in another call', ring({ busy: new Set(['bob']) }), 'busy'],
    ['cut off before an answer', tell(ring(), { type: 'remove', user: 'ann', at: 3_000 }), 'cancelled'],
  ])('%s: it is over, missed, and nothing rings', (_, { call, lines, signals }, reason) => {
    expect(call.ended?.reason).toBe(reason)
    // Who declined knows of it.
    const rung = reason === 'declined' ? [] : ['bob']
    expect(last(lines)).toEqual({ line: 'missed', reason, media: 'video', rung })
    expect(lines.some(({ line }) => line === 'unanswered')).toBe(false)
    expect(ringing(signals)).toEqual(new Set())
  })

  it('a second endpoint takes over, and the first one is let go', () => {
    const { call, lines, signals } = tell(ring(), join('bob', 'bob-1', 1_000), join('bob', 'bob-2', 5_000))
    expect(call.participants.bob).toEqual({ standing: 'joined', endpoint: 'bob-2', joinedAt: 1_000 })
    expect(signals).toContainEqual({ signal: 'dismiss', user: 'bob', endpoint: 'bob-1' })
    expect(lines.filter(({ line }) => line === 'joined')).toHaveLength(2)
    expect(tell({ call, lines, signals }, leave('bob', 'bob-1', 6_000)).call.ended).toBeUndefined()
  })

  it('a lost connection is waited for, and who comes back was never away', () => {
    const lost = tell(ring(), join('bob', 'bob-1', 1_000), {
      type: 'lose',
      user: 'bob',
      endpoint: 'bob-1',
      at: 5_000,
    })
    expect(nextTick(lost.call)).toBe(5_000 + GRACE_MS)
    const back = tell(lost, join('bob', 'bob-1', 9_000), { type: 'tick', at: 60_000 })
    expect(back.call.ended).toBeUndefined()
    const gone = tell(lost, { type: 'tick', at: 5_000 + GRACE_MS })
    expect(gone.lines).toContainEqual({ line: 'left', user: 'bob', durationMs: 4_000 })
    expect(gone.call.ended?.reason).toBe('completed')
  })
})

describe('in a group', () => {
  const group = () => ring({ direct: false, others: ['bob', 'carl'] })

  it('goes on while one is in it, takes back who had declined, and ends with the last', () => {
    const told = tell(
      group(),
      { type: 'decline', user: 'bob', at: 1_000 },
      join('carl', 'carl-1', 2_000),
      leave('ann', 'ann-1', 10_000),
      join('bob', 'bob-1', 12_000),
      leave('carl', 'carl-1', 20_000),
    )
    expect(told.call.ended).toBeUndefined()
    const { call, lines } = tell(told, leave('bob', 'bob-1', 30_000))
    expect(call.ended).toEqual({ at: 30_000, reason: 'completed' })
    expect(last(lines)).toEqual({ line: 'ended', durationMs: 28_000, media: 'video', rung: [] })
  })

  it('stops ringing after its time, says who did not answer, and goes on for those who are in it', () => {
    const { call, lines, signals } = tell(group(), join('bob', 'bob-1', 1_000), { type: 'tick', at: RING_MS })
    expect(call.ended).toBeUndefined()
    expect(last(lines)).toEqual({ line: 'unanswered', media: 'video', rung: ['carl'] })
    expect(call.participants.carl?.standing).toBe('missed')
    expect(ringing(signals)).toEqual(new Set())
  })

  it('who was in another call has missed this one, however it goes on', () => {
    const begun = ring({ direct: false, others: ['bob', 'carl'], busy: new Set(['carl']) })
    expect(begun.lines[0]).toMatchObject({ line: 'started', rung: ['bob'] })
    const answered = tell(begun, join('bob', 'bob-1', 1_000))
    expect(nextTick(answered.call)).toBe(RING_MS)
    expect(last(tell(answered, { type: 'tick', at: RING_MS }).lines)).toMatchObject({
      line: 'unanswered',
      rung: ['carl'],
    })
    expect(last(tell(answered, { type: 'end', at: 9_000 }).lines)).toMatchObject({
      line: 'ended',
      rung: ['carl'],
    })
  })

  it('a removed member is out of it at once', () => {
    const { call, signals } = tell(
      group(),
      join('bob', 'bob-1', 1_000),
      { type: 'remove', user: 'bob', at: 2_000 },
      { type: 'remove', user: 'carl', at: 2_000 },
    )
    expect(signals).toContainEqual({ signal: 'dismiss', user: 'bob', endpoint: 'bob-1' })
    expect(call.participants).toMatchObject({ bob: { standing: 'left' }, carl: { standing: 'left' } })
    expect(ringing(signals)).toEqual(new Set())
  })
})

describe('how it travels', () => {
  const place = { server: 'one', room: '1', secret: 'secret' }
  const many = (number: number) => Array.from({ length: number }, (_, at) => `user-${at}`)
  const crowd = (number: number, more: Partial<Parameters<typeof startCall>[0]> = {}) =>
    tell(
      ring({ direct: false, others: many(20), size: 4, ...more }),
      ...many(number - 1).map((user, at) => join(user, `${user}-1`, at + 1)),
    )
  const soundOnly = ({ call }: CallStep): string[] =>
    Object.entries(call.participants).flatMap(([user, one]) => (one.soundOnly === true ? [user] : []))

  it('four with pictures, four more with sound, and nobody after them', () => {
    const eight = crowd(8)
    expect(soundOnly(eight)).toEqual(['user-3', 'user-4', 'user-5', 'user-6'])
    const ninth = advanceCall(eight.call, join('user-8', 'user-8-1', 100))
    expect(ninth).toMatchObject({ full: true, lines: [] })
    expect(ninth.call).toBe(eight.call)
    const left = tell(eight, leave('ann', 'ann-1', 200), join('user-8', 'user-8-1', 201))
    expect(left.call.participants['user-8']).toEqual({
      standing: 'joined',
      endpoint: 'user-8-1',
      joinedAt: 201,
    })
  })

  it('with sound alone there are eight', () => {
    const eight = crowd(8, { media: 'sound' })
    expect(soundOnly(eight)).toEqual([])
    expect(advanceCall(eight.call, join('user-8', 'user-8-1', 100)).full).toBe(true)
  })

  it('where the room is larger than the mesh bears it begins on a media server, if there is one', () => {
    expect(ring({ direct: false, size: 5, sfu: place }).call.transport).toEqual({
      kind: 'sfu',
      generation: 1,
      ...place,
    })
    expect(ring({ direct: false, size: 4, sfu: place }).call.transport.kind).toBe('mesh')
    expect(ring({ direct: false, size: 5, sfu: null }).call.transport.kind).toBe('mesh')
  })

  it('moves to a media server with whoever is one too many, and everybody has pictures again', () => {
    const seven = crowd(7)
    const moved = tell(seven, { ...join('user-8', 'user-8-1', 100), sfu: place } as CallEvent)
    expect(moved.call.transport).toEqual({ kind: 'sfu', generation: 2, ...place })
    expect(soundOnly(moved)).toEqual([])
    expect(moved.call.participants['user-8']?.standing).toBe('joined')
  })

  it('from a dead media server it goes to another one, or back to the mesh, once for each generation', () => {
    const six = tell(crowd(5), { ...join('user-4', 'user-4-1', 50), sfu: place } as CallEvent)
    const other = { ...place, server: 'two' }
    const moved = tell(six, { type: 'move', generation: 2, sfu: other, at: 60 })
    expect(moved.call.transport).toEqual({ kind: 'sfu', generation: 3, ...other })
    expect(tell(moved, { type: 'move', generation: 2, sfu: place, at: 61 }).call).toBe(moved.call)
    const mesh = tell(moved, { type: 'move', generation: 3, sfu: null, at: 70 })
    expect(mesh.call.transport).toEqual({ kind: 'mesh', generation: 4 })
    expect(soundOnly(mesh)).toEqual(['user-3', 'user-4'])
    const nine = tell(moved, ...many(9).map((user, at) => join(user, `${user}-1`, at + 62)))
    expect(tell(nine, { type: 'move', generation: 3, sfu: null, at: 90 }).call).toBe(nine.call)
  })
})

describe('whatever happens, in whatever order, however often', () => {
  const USERS = ['ann', 'bob', 'carl', 'dave']
  const user = fc.constantFrom(...USERS)
  const happening = fc
    .record({
      type: fc.constantFrom('join', 'decline', 'leave', 'lose', 'remove', 'tick', 'end'),
      user,
      number: fc.integer({ min: 1, max: 2 }),
      afterMs: fc.integer({ min: 0, max: 30_000 }),
      times: fc.integer({ min: 1, max: 3 }),
    })
    // The end for all is rare, or nothing else would be seen.
    .filter(({ type, afterMs }) => type !== 'end' || afterMs % 10 === 0)
  const stories = fc.record({
    direct: fc.boolean(),
    busy: fc.subarray(['carl', 'dave']),
    happenings: fc.array(happening, { maxLength: 40 }),
  })

  it('the log tells one story, a endpoint is never in two minds, and nothing rings for ever', () => {
    fc.assert(
      fc.property(stories, ({ direct, busy, happenings }) => {
        const others = direct ? ['bob'] : USERS.slice(1)
        const allowed = new Set(['ann', ...others])
        let at = 0
        const events: CallEvent[] = happenings
          .filter((one) => allowed.has(one.user))
          .flatMap(({ type, user: who, number, afterMs, times }) => {
            at += afterMs
            const event = { type, user: who, endpoint: `${who}-${number}`, at } as CallEvent
            return Array.from({ length: times }, () => event)
          })
        const story = tell(ring({ direct, others, busy: new Set(busy) }), ...events)
        const rest: CallEvent[] = [
          { type: 'tick', at: at + RING_MS + GRACE_MS },
          { type: 'end', at: at + RING_MS + GRACE_MS },
        ]
        const whole = tell(story, ...rest)
        check(whole)
        // Over is over.
        expect(tell(whole, ...events).lines).toEqual(whole.lines)
      }),
      { numRuns: 500 },
    )
  })

  it('the same event again changes nothing', () => {
    fc.assert(
      fc.property(stories, ({ direct, happenings }) => {
        let { call } = ring({ direct, others: direct ? ['bob'] : USERS.slice(1) })
        for (const { type, user: who, number, afterMs } of happenings) {
          const event = { type, user: who, endpoint: `${who}-${number}`, at: afterMs } as CallEvent
          call = advanceCall(call, event).call
          expect(advanceCall(call, event)).toEqual({ call, lines: [], signals: [] })
        }
      }),
      { numRuns: 300 },
    )
  })

  function check({ call, lines, signals }: CallStep): void {
    const kinds = lines.map(({ line }) => line)
    expect(kinds.filter((line) => line === 'started')).toHaveLength(1)
    expect(kinds.filter((line) => line === 'ended' || line === 'missed')).toHaveLength(1)
    expect(['ended', 'missed']).toContain(kinds.at(-1))
    expect(call.ended?.reason === 'completed').toBe(call.answeredAt !== undefined)
    const present = new Set<string>()
    for (const line of lines) {
      if (line.line === 'joined') {
        expect(present.has(line.user)).toBe(false)
        present.add(line.user)
      }
      if (line.line === 'left') {
        expect(present.delete(line.user)).toBe(true)
        expect(line.durationMs).toBeGreaterThanOrEqual(0)
      }
    }
    expect(present).toEqual(new Set())
    const told = lines.flatMap((line) => ('rung' in line && line.line !== 'started' ? line.rung : []))
    expect(told.length).toBe(new Set(told).size)
    for (const [user, { standing }] of Object.entries(call.participants)) {
      if (standing === 'missed' || standing === 'busy') expect(told).toContain(user)
      if (standing === 'declined') expect(told).not.toContain(user)
    }
    expect(ringing(signals)).toEqual(new Set())
    expect(standings(call)).not.toContain('ringing')
    expect(standings(call)).not.toContain('joined')
    expect(nextTick(call)).toBeUndefined()
  }
})

const standings = (call: Call): string[] => Object.values(call.participants).map(({ standing }) => standing)

/** For whom it still rings after all of these. */
function ringing(signals: readonly CallSignal[]): Set<string> {
  const users = new Set<string>()
  for (const one of signals) {
    if (one.signal === 'ring') users.add(one.user)
    if (one.signal === 'silence') users.delete(one.user)
  }
  return users
}
