import { type Bus, LOSSES_TOPIC, type LossesEvent, type RoomsService, silentLog } from '@parley/contracts'
import type { Room } from '@parley/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import { createRoomsKit, type RoomsKit } from '../../../../tests/support/rooms-kit.ts'
import { Connection } from './connection.ts'
import { createFlusher } from './flusher.ts'
import { Hub } from './hub.ts'

interface Frame {
  readonly t: string
  readonly room: string | Room
  readonly change?: string
  readonly body?: string
}

let kit: RoomsKit
beforeAll(async () => {
  kit = await createRoomsKit()
})
afterAll(() => kit.close())

const worlds: { close(): void }[] = []
afterEach(() => {
  for (const world of worlds.splice(0)) world.close()
})

/** A gateway whose bus drops everything while it is away, and whose rooms service can be away, too. */
function createWorld({ cursor = true }: { cursor?: boolean } = {}) {
  const clock = createManualClock()
  const state = { connected: true, muted: false, roomsAway: false, calls: 0, underWay: 0 }
  const reconnect: (() => void)[] = []
  const bus: Bus = {
    ...kit.bus,
    get connected() {
      return state.connected
    },
    subscribe: (topic, handler) =>
      kit.bus.subscribe(topic, (message) => {
        if (state.connected && !state.muted) handler(message)
      }),
    onReconnect(handler) {
      reconnect.push(handler)
      return () => {}
    },
  }
  const rooms = new Proxy(kit.rooms, {
    get(target, verb: keyof RoomsService) {
      return async (input: never) => {
        if (state.roomsAway) throw new Error('the rooms service is away')
        if (verb === 'changedMemberships') state.calls++
        state.underWay++
        try {
          // The service's own lags by ten seconds; here time stands still until it is moved.
          if (verb === 'currentCursor')
            return { cursor: cursor ? (await target.changedMemberships({ users: [] })).cursor : null }
          return await target[verb](input)
        } finally {
          state.underWay--
        }
      }
    },
  })
  const sessions = { getPresence: async () => ({ presence: [] }) }
  const flusher = createFlusher()
  const hub = new Hub({ bus, rooms, sessions, flusher, clock, log: silentLog })
  worlds.push(hub)

  async function connect(user: string) {
    const frames: Frame[] = []
    const closed: string[] = []
    const connection = new Connection({
      id: `connection of ${user}`,
      link: {
        answersPing: true,
        waitingBytes: 0,
        close: (reason) => void closed.push(reason),
        terminate() {},
        ping() {},
        write: (bursts) =>
          void frames.push(
            ...bursts.flatMap((burst) => burst.frames.map((text) => JSON.parse(text) as Frame)),
          ),
      },
      flusher,
      now: 0,
      onClosed: (ended) => hub.detach(ended),
    })
    connection.principal = { user, device: 'd', expiresAtMs: Number.MAX_SAFE_INTEGER }
    await hub.attachUser(connection, user)
    for (const room of (await kit.rooms.listRoomIds({ user })).rooms) {
      const channel = await hub.attachRoom(connection, room)
      channel.reach((await kit.rooms.getRoom({ user, room })).room.head_seq)
    }
    connection.becomeReady()
    const changes = (id: string) =>
      frames.flatMap(({ t, room, change }) => (t === 'room' && (room as Room).id === id ? [change] : []))
    const bodies = (id: string) =>
      frames.flatMap(({ t, room, body }) =>
        t === 'entry' && room === id && body !== undefined ? [body] : [],
      )
    return { connection, changes, bodies, closed }
  }

  /** Until nobody waits for the rooms service any more; timers of less than 25 ms run. */
  async function rest(): Promise<void> {
    for (let calm = 0; calm < 5; ) {
      await new Promise((resolve) => setImmediate(resolve))
      flusher.flushNow()
      // Time stands still while somebody is asked: how fast the database is must not decide what comes first.
      if (state.underWay > 0) continue
      clock.advance(5)
      calm++
    }
  }

  return {
    clock,
    state,
    hub,
    connect,
    rest,
    /** Seconds pass until this holds; how many. Each is over when everything that was asked in it was answered. */
    async within(seconds: number, holds: () => boolean): Promise<number> {
      for (let second = 0; second <= seconds; second++) {
        await rest()
        if (holds()) return second
        clock.advance(1_000)
      }
      throw new Error(`not within ${seconds} s`)
    },
    loseBus() {
      state.connected = false
    },
    bringBack() {
      state.connected = true
      for (const handler of reconnect) handler()
    },
  }
}

async function people(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => kit.person()))
}

describe.each([
  ['from the cursor it kept', true],
  ['with no cursor, looking at everybody', false],
])('while the bus is away, %s,', (_name, cursor) => {
  it('who is added to a room gets it and what is said there, within two seconds', async () => {
    const world = createWorld({ cursor })
    const [ann, bob] = (await people(2)) as [string, string]
    const device = await world.connect(bob)
    await world.rest()
    world.loseBus()
    const room = await kit.publicRoom(ann, bob)
    expect(await world.within(3, () => device.changes(room).includes('added'))).toBeLessThanOrEqual(2)
    await kit.send(ann, room, 'do you hear me?')
    expect(await world.within(3, () => device.bodies(room).length > 0)).toBeLessThanOrEqual(2)
    expect(device.bodies(room)).toEqual(['do you hear me?'])
    await world.rest()
    expect(device.changes(room)).toEqual(['added'])
  })
})

describe('a gateway whose bus is well, while what others say was lost', () => {
  it.each([
    ['a moment', 1_000],
    ['longer than places are kept', 60_000],
  ])('looks when it is told that a publisher was cut off for %s', async (_name, awayMs) => {
    const world = createWorld()
    const [ann, bob] = (await people(2)) as [string, string]
    const known = await kit.publicRoom(ann, bob)
    const device = await world.connect(bob)
    await world.rest()
    world.state.muted = true
    await kit.send(ann, known, 'nobody heard this')
    const added = await kit.publicRoom(ann, bob)
    await world.within(2, () => true)
    expect(device.bodies(known)).toEqual([])
    world.state.muted = false
    kit.bus.publish(LOSSES_TOPIC, JSON.stringify({ away_ms: awayMs } satisfies LossesEvent))
    await world.within(3, () => device.bodies(known).length === 1 && device.changes(added).includes('added'))
  })
})

describe('a gateway whose bus is away', () => {
  it('takes a room from who was removed, says so once, and brings nothing that came later', async () => {
    const world = createWorld()
    const [ann, bob, eve] = (await people(3)) as [string, string, string]
    const room = await kit.publicRoom(ann, bob, eve)
    const [stays, goes] = [await world.connect(eve), await world.connect(bob)]
    await world.rest()
    // A transaction that stays open holds the cursor back: every answer brings the same again.
    const slow = Promise.withResolvers<void>()
    const holding = kit.database.transaction(async (transaction) => {
      await transaction.query('select pg_current_xact_id()')
      await slow.promise
    })
    world.loseBus()
    await kit.send(ann, room, 'before')
    await kit.rooms.removeMember({ user: ann, room, member: bob })
    await kit.send(ann, room, 'after')
    await world.within(3, () => stays.bodies(room).length === 2)
    await world.within(3, () => goes.changes(room).length > 0)
    let seconds = 0
    await world.within(3, () => seconds++ === 3)
    world.bringBack()
    await kit.send(ann, room, 'much later')
    await world.within(3, () => stays.bodies(room).length === 3)
    slow.resolve()
    await holding
    expect(goes.changes(room)).toEqual(['removed'])
    expect(goes.bodies(room)).not.toContain('after')
    expect(goes.bodies(room)).not.toContain('much later')
    expect(stays.changes(room)).toEqual([])
  })

  it('tells a removal also when the log has already taken the member out', async () => {
    const world = createWorld()
    const [ann, bob] = (await people(2)) as [string, string]
    const room = await kit.publicRoom(ann, bob)
    const device = await world.connect(bob)
    await world.rest()
    world.loseBus()
    await kit.rooms.removeMember({ user: ann, room, member: bob })
    await world.hub.compareHeads()
    await world.within(3, () => device.connection.rooms.length === 0)
    await world.within(3, () => device.changes(room).length > 0)
    expect(device.changes(room)).toEqual(['removed'])
  })

  it('repairs when the bus is back, also what the rooms service could not be asked before', async () => {
    const world = createWorld()
    const [ann, bob] = (await people(2)) as [string, string]
    const device = await world.connect(bob)
    await world.rest()
    world.loseBus()
    world.state.roomsAway = true
    const room = await kit.publicRoom(ann, bob)
    let seconds = 0
    await world.within(3, () => seconds++ === 3)
    world.bringBack()
    await world.rest()
    expect(device.changes(room)).toEqual([])
    // Long enough for the kept place to have moved on, if it were given up.
    world.clock.advance(500)
    world.state.roomsAway = false
    await world.within(3, () => device.changes(room).includes('added'))
  })

  it('asks nobody while the bus is there', async () => {
    const world = createWorld()
    const [bob] = (await people(1)) as [string]
    await world.connect(bob)
    await world.rest()
    world.state.calls = 0
    let seconds = 0
    await world.within(10, () => seconds++ === 10)
    expect(world.state.calls).toBe(0)
  })
})
