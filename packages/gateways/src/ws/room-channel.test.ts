import { type EntryEvent, type Span, silentLog } from '@parley/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import type { Burst } from './burst.ts'
import { Connection } from './connection.ts'
import { createFlusher } from './flusher.ts'
import type { Link } from './link.ts'
import { RoomChannel } from './room-channel.ts'

/** A log of `length` entries, a channel on it, and one connection that remembers what it was sent. */
function createWorld(length: number, failures: () => boolean) {
  const clock = createManualClock()
  const flusher = createFlusher()
  const events: EntryEvent[] = Array.from({ length }, (_, index) => ({
    seq: index + 1,
    kind: 'message',
    frame: `${index + 1}`,
  }))
  const channel = new RoomChannel('room', {
    flusher,
    clock,
    log: silentLog,
    onMembership() {},
    rooms: {
      async replay({ after, upto }) {
        if (failures()) throw new Error('the log is away')
        return { events: events.slice(after, Math.min(upto, after + 7)), more: false }
      },
    },
  })
  const received: number[] = []
  const link: Link = {
    answersPing: true,
    waitingBytes: 0,
    close() {},
    terminate() {},
    ping() {},
    write: (bursts: readonly Burst[]) =>
      void received.push(...bursts.flatMap((burst) => burst.frames.map(Number))),
  }
  const connection = new Connection({ id: 'c', link, flusher, now: 0, onClosed() {} })
  channel.connections.add(connection)
  connection.rooms.push(channel)
  return { clock, flusher, channel, connection, received, events }
}

async function settle(world: ReturnType<typeof createWorld>, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    world.clock.advance(600)
    for (let turn = 0; turn < 30; turn++) await Promise.resolve()
  }
  world.flusher.flushNow()
}

describe('a room channel', () => {
  it('sends every entry once and in order, whatever the bus lost, repeated or reordered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.array(
          fc.record({
            from: fc.nat(59),
            count: fc.integer({ min: 1, max: 9 }),
            lost: fc.boolean(),
            pause: fc.boolean(),
          }),
          { maxLength: 40 },
        ),
        fc.integer(),
        async (length, announcements, seed) => {
          let failuresLeft = Math.abs(seed) % 3
          const world = createWorld(length, () => failuresLeft-- > 0)
          world.channel.reach(0)
          for (const { from, count, lost, pause } of announcements) {
            if (!lost) world.channel.receive(world.events.slice(from, from + count))
            if (pause) await settle(world, 1)
          }
          // The relay speaks for what nobody announced.
          world.channel.reach(length)
          await settle(world, 12)
          expect(world.received).toEqual(world.events.map((event) => event.seq))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('keeps what comes while a connection holds, and drops of it what the list of rooms already covered', async () => {
    const world = createWorld(10, () => false)
    world.channel.reach(0)
    world.channel.receive(world.events.slice(0, 2))
    world.connection.hold()
    world.channel.receive(world.events.slice(2, 5))
    world.flusher.flushNow()
    expect(world.received).toEqual([1, 2])
    world.connection.release(new Map([['room', 4]]))
    world.channel.receive(world.events.slice(5, 6))
    world.flusher.flushNow()
    expect(world.received).toEqual([1, 2, 5, 6])
  })

  it('stops for a member who leaves exactly at the entry that says so', () => {
    const world = createWorld(3, () => false)
    const channel = new RoomChannel('room', {
      flusher: world.flusher,
      clock: world.clock,
      log: silentLog,
      rooms: { replay: async () => ({ events: [], more: false }) },
      onMembership: (found) => found.connections.delete(world.connection),
    })
    channel.connections.add(world.connection)
    channel.reach(0)
    channel.receive([
      { seq: 1, kind: 'message', frame: '1' },
      { seq: 2, kind: 'leave', frame: '2', user: 'gone' },
      { seq: 3, kind: 'message', frame: '3' },
    ])
    world.flusher.flushNow()
    expect(world.received).toEqual([1])
  })

  it('of a recorded journey tells when an entry was handed over, not when it began to wait behind a gap', async () => {
    const world = createWorld(4, () => false)
    const ended: string[] = []
    const span = (name: string): Span => ({
      trace: name,
      set() {},
      link() {},
      end: () => void ended.push(name),
    })
    const channel = new RoomChannel('room', {
      flusher: world.flusher,
      clock: world.clock,
      log: silentLog,
      tracer: { begin: span, step: (_name, parent = '') => span(parent) },
      onMembership() {},
      rooms: {
        replay: async ({ after, upto }) => ({ events: world.events.slice(after, upto), more: false }),
      },
    })
    channel.connections.add(world.connection)
    channel.reach(1)
    channel.receive(world.events.slice(3), 'fourth')
    channel.receive(world.events.slice(1, 2), 'second')
    expect(ended).toEqual([])
    world.flusher.flushNow()
    expect(ended).toEqual(['second'])
    await settle(world, 1)
    expect(world.received).toEqual([2, 3, 4])
    expect(ended).toEqual(['second', 'fourth'])
    channel.receive(world.events, 'repeated')
    expect(ended).toEqual(['second', 'fourth', 'repeated'])
  })
})
