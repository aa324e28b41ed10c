import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { type Bus, silentLog, type WorkItem, type WorkQueue } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit, standInForOthers } from '../../../../tests/support/rooms-kit.ts'

let kit: RoomsKit
beforeEach(async () => {
  kit = await createRoomsKit()
})
afterEach(() => kit.close())

/** What a process that is killed after its commit announces. */
const silentBus: Bus = {
  connected: true,
  publish() {},
  subscribe: async () => () => {},
  onReconnect: () => () => {},
  close: async () => {},
}

/** A queue that can be taken away, and remembers what it was given. */
function createFlakyQueue() {
  const inner = createInProcessWorkQueue(silentLog)
  void standInForOthers(inner)
  const state = {
    away: false,
    /** Takes the items, and then does not say so. */
    forgetful: false,
    taken: [] as WorkItem[],
  }
  const unavailable = () => new ParleyError('unavailable')
  const queue: WorkQueue = {
    ...inner,
    async publish(topic, items) {
      if (state.away) throw unavailable()
      await inner.publish(topic, items)
      state.taken.push(...items)
      if (state.forgetful) throw unavailable()
    },
  }
  return { queue, state }
}

const outbox = async () => {
  const { rows } = await kit.database.query<{ announced: boolean }>(
    'select announced from rooms.outbox order by id',
  )
  return rows.map((row) => row.announced)
}
/** Rows are left to their own process for a second. */
const age = () => kit.database.query(`update rooms.outbox set at = at - interval '10 seconds'`)
const indexed = async (room: string) => {
  const { rows } = await kit.database.query<{ seq: number }>(
    'select seq from rooms.search where room_id = $1 order by seq',
    [room],
  )
  return rows.map((row) => row.seq)
}
const found = async (user: string, query: string) =>
  (await kit.rooms.searchMessages({ user, query, limit: 50 })).messages.map((message) => message.seq)

describe('a process that is cut off from the bus', () => {
  it('leaves its announcements to one that is not, and says afterwards that some may be lost', async () => {
    const state = { connected: false, said: [] as string[], back: () => {} }
    const cutBus: Bus = {
      ...silentBus,
      get connected() {
        return state.connected
      },
      publish: (topic) => void (state.connected && state.said.push(topic)),
      onReconnect(handler) {
        state.back = handler
        return () => {}
      },
    }
    const { queue } = createFlakyQueue()
    const [cut, well] = [kit.another({ bus: cutBus, queue }), kit.another({ queue })]
    await cut.start()
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    const events = await kit.listen(room)
    await cut.sendMessage({ user: ann, room, client_id: 'said-by-the-cut-one', body: 'hello' })
    await age()
    await cut.runRelay()
    expect(await outbox()).toContain(false)
    await well.runRelay()
    expect(await outbox()).toEqual([])
    await expect.poll(() => events.some((event) => event.type === 'head')).toBe(true)
    await cut.sendMessage({ user: ann, room, client_id: 'said-to-nobody', body: 'hello again' })
    await age()
    state.connected = true
    state.back()
    expect(state.said).toEqual(['losses'])
    // What it announced to nobody does not count as announced.
    await cut.runRelay()
    expect(state.said).toContain(`room:${room}`)
  })
})

describe('the relay', () => {
  it('speaks within two seconds or so for a process killed after its commit, while the queue is away, and the work is done afterwards', async () => {
    const { queue, state } = createFlakyQueue()
    const [killed, survivor] = [kit.another({ bus: silentBus, queue }), kit.another({ queue })]
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    state.away = true
    await survivor.start()
    const events = await kit.listen(room)
    const { entry } = await killed.sendMessage({ user: ann, room, body: 'last words', client_id: 'k1' })

    const sentAt = performance.now()
    await expect
      .poll(() => events, { timeout: 5_000, interval: 20 })
      .toContainEqual({ type: 'head', head_seq: entry.seq })
    expect(performance.now() - sentAt).toBeLessThan(3_500)
    await expect.poll(outbox).toEqual((await outbox()).map(() => true))
    expect((await outbox()).length).toBeGreaterThan(0)
    expect(await indexed(room)).toEqual([])
    expect(await found(ann, 'words')).toEqual([entry.seq])

    state.away = false
    await expect.poll(outbox, { timeout: 20_000 }).toEqual([])
    expect(await indexed(room)).toEqual([entry.seq])
    expect(await found(ann, 'words')).toEqual([entry.seq])
  })

  it('announces on while the queue neither takes nor refuses anything', async () => {
    const release = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const queue: WorkQueue = {
      ...createInProcessWorkQueue(silentLog),
      publish: async () => {
        asked.resolve()
        await release.promise
        throw new ParleyError('unavailable')
      },
    }
    const [killed, survivor] = [kit.another({ bus: silentBus, queue }), kit.another({ queue })]
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    await survivor.start()
    await asked.promise
    const events = await kit.listen(room)
    const { entry } = await killed.sendMessage({ user: ann, room, body: 'x', client_id: 'k1' })
    await expect
      .poll(() => events, { timeout: 5_000, interval: 20 })
      .toContainEqual({ type: 'head', head_seq: entry.seq })
    release.resolve()
  })

  it('gives each row to the queue once when many relays work at once, and none is left', async () => {
    const { queue, state } = createFlakyQueue()
    const relays = Array.from({ length: 3 }, () => kit.another({ queue }))
    await relays[0]?.work()
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    await kit.database.query(`delete from rooms.outbox`)
    await kit.database.query(
      `insert into rooms.outbox (at, heads) select now() - interval '1 minute', jsonb_build_object('room-' || n, 1) from generate_series(1, 2500) n`,
    )
    expect(room).not.toBe('')
    const removed = await Promise.all(
      relays.map(async (relay) => {
        let sum = 0
        for (let idle = 0; idle < 3; ) {
          const count = await relay.runRelay()
          sum += count
          idle = count === 0 ? idle + 1 : 0
        }
        return sum
      }),
    )
    expect(removed.reduce((sum, count) => sum + count, 0)).toBe(2_500)
    const rooms = state.taken.flatMap((item) => Object.keys(JSON.parse(item.body).heads as object))
    expect(rooms).toHaveLength(2_500)
    expect(new Set(rooms).size).toBe(2_500)
    expect(new Set(state.taken.map((item) => item.id)).size).toBe(state.taken.length)
    expect(Math.max(...state.taken.map((item) => Object.keys(JSON.parse(item.body).heads).length))).toBe(200)
    expect(await outbox()).toEqual([])
  })

  it('repeats under the same ids what the queue has taken without saying so, and nothing is done twice', async () => {
    const { queue, state } = createFlakyQueue()
    const relay = kit.another({ queue })
    await relay.work()
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    const seqs = [await kit.send(ann, room, 'one'), await kit.send(ann, room, 'two')]
    await age()
    state.forgetful = true
    await expect(relay.runRelay()).rejects.toMatchObject({ code: 'unavailable' })
    state.forgetful = false
    expect(await relay.runRelay()).toBeGreaterThan(0)
    const half = state.taken.length / 2
    expect(state.taken.slice(half)).toEqual(state.taken.slice(0, half))
    expect(await indexed(room)).toEqual(seqs)
    expect(await outbox()).toEqual([])
  })
})
