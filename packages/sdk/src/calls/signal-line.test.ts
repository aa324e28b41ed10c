import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { type Packet, readPacket, SignalLine } from './signal-line.ts'

it('delivers everything once and in order, whatever is lost, doubled or late', () => {
  const fate = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 3 })
  const words = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2_000 })), { maxLength: 30 })
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 40 }), words, (given, said) => {
      const clock = new FakeClock()
      const fates = [...given]
      const heard: Record<'a' | 'b', unknown[]> = { a: [], b: [] }
      const wrong: Packet[] = []
      const make = (mine: 'a' | 'b', theirs: 'a' | 'b', session: number): SignalLine =>
        new SignalLine({
          clock,
          mine,
          theirs,
          session,
          send(packet) {
            const data = JSON.stringify(packet)
            const arrive = () => lines[theirs].take(readPacket(data) ?? packet)
            for (const delay of fates.shift() ?? [30]) clock.after(delay, arrive)
          },
          deliver: (body) => heard[mine].push(body),
          restarted: (packet) => wrong.push(packet),
        })
      const lines = { a: make('a', 'b', 7), b: make('b', 'a', 3) }
      said.forEach(([isA, pause], number) => {
        lines[isA ? 'a' : 'b'].send(number)
        clock.advance(pause)
      })
      clock.advance(120_000)
      const of = (wanted: boolean) => said.flatMap(([isA], number) => (isA === wanted ? [number] : []))
      expect(heard).toEqual({ a: of(false), b: of(true) })
      expect(wrong).toEqual([])
      // Nothing is left to say, so nothing is said.
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 200 },
  )
})

it('says at once what was lost while one of them had no line, however long that was', () => {
  const clock = new FakeClock()
  const heard: unknown[] = []
  let away = false
  const make = (mine: 'a' | 'b', theirs: 'a' | 'b'): SignalLine =>
    new SignalLine({
      clock,
      mine,
      theirs,
      session: 1,
      send: (packet) => {
        if (!away) clock.after(30, () => lines[theirs].take(packet))
      },
      deliver: (body) => heard.push(body),
      restarted: () => {},
    })
  const lines = { a: make('a', 'b'), b: make('b', 'a') }
  clock.advance(2_000)
  // Whoever notices it: who waits, or who said it.
  for (const [word, who] of [
    ['offer', 'b'],
    ['another', 'a'],
  ] as const) {
    away = true
    lines.a.send(word)
    // Into the middle of a pause of eight seconds.
    clock.advance(18_000)
    away = false
    lines[who].hurry()
    clock.advance(100)
    expect(heard.at(-1)).toBe(word)
  }
  expect(heard).toEqual(['offer', 'another'])
  clock.advance(120_000)
  expect(clock.pending).toBe(0)
})

it('reads no packet out of anything else', () => {
  for (const data of ['', 'null', '[]', '{"from":"a"}', '{"from":"a","to":"b","session":"1"}'])
    expect(readPacket(data)).toBeNull()
})
