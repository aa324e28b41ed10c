/** Seats on media servers over a real database; the server is one without media. `tests/browser` has a real one. */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { silentLog } from '@parley/contracts'
import { describeMediaServer, describeOffer } from '@parley/contracts/testing/media-server-suite'
import type { Call } from '@parley/services/calls/call-machine'
import { readCall } from '@parley/services/calls/keep-call'
import { createMediaPlacement, type MediaPlacement } from '@parley/services/calls/media/media-placement'
import type { MediaSeats } from '@parley/services/calls/media/media-seats'
import { OFFER_AGAIN_MS } from '@parley/services/calls/media/offers'
import { callsMigrations } from '@parley/services/calls/migrations'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createFakeMediaServer, type FakeWorld } from '../support/fake-media-server.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'
import {
  changeCall,
  eventually,
  type Offer,
  putCall,
  sfu,
  signalling,
  startSeats,
} from '../support/media-kit.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

describeMediaServer('the one of the tests', async () => {
  const world = createFakeMediaServer()
  return {
    server: world.server,
    another: world.another,
    restart: async () => world.restart(),
    kill: async () => world.kill(),
  }
})

const bus = createInProcessBus()
let base: TestDatabase
let world: FakeWorld
let clock: ManualClock
let placement: MediaPlacement
let seats: MediaSeats
const running: MediaSeats[] = []

beforeAll(async () => {
  base = await createTestDatabase([callsMigrations])
})
afterAll(() => base.drop())
beforeEach(() => {
  clock = createManualClock()
  world = createFakeMediaServer()
  placement = createMediaPlacement({ servers: [world.server], clock, log: silentLog })
  seats = process()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()))
})

/** Of the role `calls`. */
function process(): MediaSeats {
  const one = startSeats({ base, bus, clock, placement })
  running.push(one)
  return one
}

const person = (call: Call, user: string, endpoint?: string) =>
  signalling({ bus, seats: () => seats }, call, user, endpoint)
const change = (call: Call, more: Partial<Call>) => changeCall(base, call, more)

async function group(...users: string[]) {
  const call = await putCall(base, 'fake', ...users)
  return { call, people: await Promise.all(users.map((user) => person(call, user))) }
}

/** Two of a group, in the middle of it. */
async function couple() {
  const { call, people } = await group('ann', 'bob')
  const [ann, bob] = people
  if (ann === undefined || bob === undefined) throw new Error('nobody is there')
  await ann.publish('microphone', 'camera')
  await bob.publish('microphone')
  await ann.take('bob microphone')
  await bob.take('ann microphone', 'ann camera')
  return { call, ann, bob }
}

describe('what somebody receives', () => {
  it('follows what the others send, by one offer at a time', async () => {
    const { ann, bob } = await couple()
    await ann.publish('microphone', 'camera', 'screen')
    const first = await bob.offered('ann microphone', 'ann camera', 'ann screen')
    // These two are for the offer after the answer.
    await ann.publish('microphone', 'camera')
    await ann.publish('microphone')
    await ann.ask({ do: 'layers', layers: [] })
    expect(bob.offers().at(-1)).toEqual(first)
    await bob.answer(first)
    expect((await bob.offered('ann microphone')).offer).toBe(first.offer + 1)
  })

  it('an offer without an answer is made again, and any answer to it counts, once', async () => {
    const { ann, bob } = await couple()
    await ann.publish('microphone')
    const first = await bob.offered('ann microphone')
    clock.advance(OFFER_AGAIN_MS)
    const second = await eventually(() => {
      expect(bob.offers().at(-1)?.offer).toBe(first.offer + 1)
      return bob.offers().at(-1)
    })
    expect(second).toEqual({ ...first, offer: first.offer + 1 })
    await bob.answer({ offer: first.offer - 1 })
    await ann.publish('microphone', 'camera')
    expect(bob.offers()).toHaveLength(3)
    await bob.answer(first)
    const third = await bob.take('ann microphone', 'ann camera')
    expect(third.offer).toBe(first.offer + 2)
    await bob.answer(first)
    clock.advance(3 * OFFER_AGAIN_MS)
    expect(bob.offers().at(-1)).toEqual(third)
  })

  it('after a call has moved is one offer for all who come, and one without whoever does not', async () => {
    const { call, people } = await group('ann', 'bob', 'carl', 'dora')
    await change(call, { transport: sfu('fake', 2) })
    const [ann, bob, carl] = people
    const publish = (one: (typeof people)[number] | undefined) =>
      one?.ask(
        { do: 'publish', sdp: describeOffer(['audio']), tracks: [{ mid: '0', source: 'microphone' }] },
        2,
      )
    for (const one of [ann, bob, carl]) await publish(one)
    expect(people.flatMap((one) => one.offers())).toEqual([])
    clock.advance(1_500)
    await ann?.offered('bob microphone', 'carl microphone')
    await carl?.offered('ann microphone', 'bob microphone')
    expect([ann, bob, carl].map((one) => one?.offers().length)).toEqual([1, 1, 1])
    await publish(people[3])
    // At once, and all of them.
    const all = await people[3]?.offered('ann microphone', 'bob microphone', 'carl microphone')
    expect(all?.offer).toBe(1)
  })

  it('a section that carries something else now is offered under its new name', async () => {
    const { ann, bob } = await couple()
    await ann.publish('microphone', 'screen')
    await bob.take('ann microphone', 'ann screen')
  })

  it('is the middle layer, or the one that was wished for, also of what comes later', async () => {
    const { ann, bob } = await couple()
    const chosen = () => world.layers.filter(({ user }) => user === 'bob').map(({ layer }) => layer)
    expect(chosen()).toEqual([1, 1])
    await bob.ask({
      do: 'layers',
      layers: [
        { user: 'ann', source: 'camera', layer: 0 },
        { user: 'ann', source: 'screen', layer: 2 },
      ],
    })
    expect(chosen()).toEqual([1, 1, 0])
    await ann.publish('microphone', 'camera', 'screen')
    await bob.take('ann microphone', 'ann camera', 'ann screen')
    expect(chosen()).toEqual([1, 1, 0, 2])
  })

  it('is offered anew with an ICE restart, after an answer that is still to come', async () => {
    const { ann, bob } = await couple()
    await bob.ask({ do: 'restart' })
    const restarted = await bob.offered('ann microphone', 'ann camera')
    expect(restarted.sdp).toContain('restarts 1')
    await ann.publish('microphone')
    await bob.ask({ do: 'restart' })
    expect(bob.offers().at(-1)).toEqual({ ...restarted, offer: restarted.offer + 1 })
    await bob.answer({ offer: restarted.offer + 1 })
    const again = await eventually(() => {
      expect(bob.offers().at(-1)?.sdp).toContain('restarts 2')
      return bob.offers().at(-1) as Offer
    })
    await bob.answer(again)
    await bob.take('ann microphone')
  })

  it('and who speaks is told to everybody', async () => {
    const { ann, bob } = await couple()
    world.speak('ann', true)
    for (const { heard } of [ann, bob])
      await eventually(() => expect(heard.at(-1)).toEqual({ told: 'speaking', user: 'ann', speaking: true }))
  })
})

describe('a seat', () => {
  it('is for who is in the call, there, and in its present generation', async () => {
    const { call, ann } = await couple()
    const eve = await person(call, 'eve')
    const elsewhere = await person(call, 'ann', 'ann-phone')
    await expect(eve.publish('microphone')).rejects.toMatchObject({ code: 'conflict' })
    await expect(elsewhere.publish('microphone')).rejects.toMatchObject({ code: 'conflict' })
    await expect(ann.ask({ do: 'restart' }, 2)).rejects.toMatchObject({ code: 'conflict' })
    await change(call, { ended: { at: 1, reason: 'completed' } })
    await expect(ann.publish('microphone')).rejects.toMatchObject({ code: 'conflict' })
    const mesh = await change(await putCall(base, 'fake', 'zoe'), {
      transport: { kind: 'mesh', generation: 1 },
    })
    await expect((await person(mesh, 'zoe')).publish('microphone')).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('is made anew for new connections, as after a reload, and nobody is told that the old one is gone', async () => {
    const { ann, bob } = await couple()
    ann.reconnect()
    await ann.publish('microphone')
    await ann.take('bob microphone')
    await bob.take('ann microphone')
    expect(world.users()).toEqual(['ann', 'bob'])
    expect([...ann.heard, ...bob.heard].map(({ told }) => told)).not.toContain('gone')
  })

  it('that the server forgot is gone: it is told, and again when something is asked of it, until it is made anew', async () => {
    const { call, ann, bob } = await couple()
    world.restart()
    await eventually(() => {
      for (const { heard } of [ann, bob]) expect(heard.at(-1)).toEqual({ told: 'gone' })
    })
    await eventually(async () => {
      const { rows } = await base.database.query('select 1 from calls.media_seat where call_id = $1', [
        call.id,
      ])
      expect(rows).toEqual([])
    })
    // Some of these may have been under way.
    await ann.ask({ do: 'candidates', way: 'up', candidates: [null] })
    expect(ann.heard.filter(({ told }) => told === 'gone')).toHaveLength(1)
    await ann.ask({ do: 'restart' })
    expect(ann.heard.filter(({ told }) => told === 'gone')).toHaveLength(2)
    for (const one of [ann, bob]) {
      one.reconnect()
      await one.publish('microphone')
    }
    await bob.take('ann microphone')
    await ann.take('bob microphone')
  })

  it('when its server is, which whoever notices it first has looked at: the clock stands still here', async () => {
    await couple()
    const away = Promise.withResolvers<void>()
    placement.start(away.resolve)
    await eventually(() => expect(placement.counts().up).toBe(1))
    world.kill()
    await away.promise
    expect(placement.isUp('fake')).toBe(false)
    placement.close()
  })

  it('cannot be had while the server is away, and nothing of the attempt is left', async () => {
    const { call, people } = await group('ann')
    const [ann] = people
    world.kill()
    await expect(ann?.publish('microphone')).rejects.toMatchObject({ code: 'unavailable' })
    world.restart()
    expect((await ann?.publish('microphone'))?.sdp).toContain('m=audio')
    expect(world.users()).toEqual(['ann'])
    await change(call, { transport: sfu('not configured') })
    ann?.reconnect()
    await expect(ann?.publish('microphone')).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('when the process ends', () => {
  it('another one goes on: with an offer that was not answered, and with what came while nobody listened', async () => {
    const { call, ann, bob } = await couple()
    const carl = await (async () => {
      const participants = {
        ...call.participants,
        carl: { standing: 'joined', endpoint: 'carl-tab' } as const,
      }
      return person(await change(call, { participants }), 'carl')
    })()
    await ann.publish('microphone')
    const waiting = await bob.offered('ann microphone')
    await seats.close()
    seats = process()
    // Asked first by somebody who has none yet: the seats of the others are looked after all the same.
    await carl.publish('microphone', 'camera')
    await ann.take('bob microphone', 'carl microphone', 'carl camera')
    await bob.answer(waiting)
    await bob.take('ann microphone', 'carl microphone', 'carl camera')
    await carl.take('ann microphone', 'bob microphone')
    expect([...ann.heard, ...bob.heard].map(({ told }) => told)).not.toContain('gone')
  })

  it('a seat is looked after by one process, the one that was asked last', async () => {
    const { call, ann, bob } = await couple()
    const before = seats
    seats = process()
    seats.adopt(await readCall(base.database, call.id))
    // The process before is told that it is not its own any more, or learns it when it writes.
    await ann.publish('microphone', 'camera', 'screen')
    const offer = await bob.take('ann microphone', 'ann camera', 'ann screen')
    await before.close()
    await ann.publish('microphone')
    expect((await bob.take('ann microphone')).offer).toBe(offer.offer + 1)
    expect(new Set(bob.offers().map(({ offer: number }) => number)).size).toBe(bob.offers().length)
  })
})

describe('what is over is ended', () => {
  it('for who left, and for who went to another tab', async () => {
    const { call, bob } = await couple()
    const moved = { ...call.participants.bob, standing: 'joined', endpoint: 'bob-phone' } as const
    let now = await change(call, { participants: { ann: { standing: 'left' }, bob: moved } })
    seats.settle(now)
    await eventually(() => expect(world.users()).toEqual([]))
    const phone = await person(call, 'bob', 'bob-phone')
    await phone.publish('microphone')
    expect(world.users()).toEqual(['bob'])
    expect(bob.heard.map(({ told }) => told)).not.toContain('gone')
    now = await change(now, { ended: { at: 1, reason: 'completed' } })
    seats.settle(now)
    await eventually(() => expect([world.users(), world.rooms()]).toEqual([[], []]))
  })

  it('with the generation before', async () => {
    const { call, ann } = await couple()
    const rooms = world.rooms()
    const moved = await change(call, { transport: sfu('fake', 2) })
    await expect(ann.publish('microphone')).rejects.toMatchObject({ code: 'conflict' })
    ann.reconnect()
    await ann.ask(
      { do: 'publish', sdp: describeOffer(['audio']), tracks: [{ mid: '0', source: 'microphone' }] },
      2,
    )
    seats.settle(moved)
    await eventually(() => expect(world.users()).toEqual(['ann']))
    await eventually(() => expect(world.rooms()).toHaveLength(1))
    expect(world.rooms()).not.toEqual(rooms)
  })

  it('also when the server was away, or the process died in between: by the sweep', async () => {
    const { call } = await couple()
    const over = await change(call, { ended: { at: 1, reason: 'completed' } })
    const rooms = world.rooms()
    world.kill()
    seats.settle(over)
    await seats.sweep()
    const kept = await base.database.query('select room from calls.media_room where call_id = $1', [call.id])
    expect(kept.rows).toEqual(rooms.map((room) => ({ room })))
    world.restart()
    await seats.sweep()
    const left = await base.database.query('select room from calls.media_room where call_id = $1', [call.id])
    expect(left.rows).toEqual([])
  })

  it('and who leaves while they connect is not let in', async () => {
    const { call, people } = await group('ann')
    const publishing = people[0]?.publish('microphone')
    const gone = await change(call, { participants: { ann: { standing: 'left' } } })
    seats.settle(gone)
    await publishing?.catch(() => {})
    await seats.sweep()
    await eventually(() => expect(world.users()).toEqual([]))
  })
})
