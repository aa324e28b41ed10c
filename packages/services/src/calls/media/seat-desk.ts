/** Which seats this process looks after: those it made, and those it took over from processes that no longer do. */

import type { MediaSeat } from '@parley/contracts'
import { type Bus, type Clock, type Log, type UserEvent, userTopic } from '@parley/contracts'
import type { MediaTold } from '@parley/protocol/calls'
import { z } from 'zod'
import { createHeldSeat, type HeldSeat } from './held-seat.ts'
import type { MediaPlacement } from './media-placement.ts'
import type { HeldSeatParts } from './seat-core.ts'
import type { SeatKey, SeatRow, SeatRows, StoredSeat } from './seat-rows.ts'

const CATCH_UP_AGAIN_MS = 1_000
/** Between processes: whose a call's seats are now. */
const HOLDERS_TOPIC = 'media-holders'
const claim = z.object({ call: z.string(), holder: z.string() })

export interface SeatDeskParts {
  readonly rows: SeatRows
  readonly holder: string
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly placement: MediaPlacement
}

export interface SeatDesk {
  find(call: string, user: string): HeldSeat | undefined
  /** A new one: neither found nor stored before `seat`. */
  hold(row: SeatRow, line: MediaSeat, expected: number): HeldSeat
  seat(seat: HeldSeat): Promise<void>
  /** Resumes what other processes held in the call. */
  takeOver(call: string, generation: number): Promise<void>
  /** Ends the connections of a seat whose row is gone. */
  end(row: SeatRow): Promise<void>
  /** Forgets one of its own, with its row. */
  drop(seat: HeldSeat): Promise<void>
  tell(key: SeatKey, told: MediaTold): void
  /** In the background; what goes wrong is noted. */
  work(what: string, call: string, doing: () => Promise<unknown>): void
  /** Connections live on. */
  close(): Promise<void>
}

export function createSeatDesk(parts: SeatDeskParts): SeatDesk {
  const { rows, holder, bus, placement } = parts
  const held = new Map<string, HeldSeat>()
  const claims = new Map<string, Promise<void>>()
  const background = createBackground(parts.log)
  const isHeld = (seat: HeldSeat): boolean => held.get(nameOf(seat.key)) === seat
  const make = createMaker(parts, { isHeld, drop, work: background.work })
  let closed = false
  let stop = (): void => {}
  bus
    .subscribe(HOLDERS_TOPIC, (message) => {
      const { call, holder: other } = claim.parse(JSON.parse(message))
      if (other !== holder) release((seat) => seat.key.call === call)
    })
    .then(
      (end) => {
        if (closed) end()
        else stop = end
      },
      // A seat that another process takes is found out when it is written down.
      (error: unknown) => parts.log.warn({ error: String(error) }, 'who holds which seats is not heard'),
    )

  function release(which: (seat: HeldSeat) => boolean): void {
    for (const [name, seat] of held) {
      if (!which(seat)) continue
      held.delete(name)
      seat.release()
    }
  }

  async function drop(seat: HeldSeat, why: 'over' | 'taken'): Promise<void> {
    if (isHeld(seat)) held.delete(nameOf(seat.key))
    if (why === 'over') await rows.dropSeats(seat.key.call, seat.key.user, seat.stored.id)
  }

  async function claimAll(call: string, generation: number): Promise<void> {
    const claimed = await rows.claimSeats(call, generation)
    if (claimed.length === 0 || closed) return
    bus.publish(HOLDERS_TOPIC, JSON.stringify({ call, holder }))
    const seats = claimed.flatMap((row) => {
      let seat: HeldSeat | undefined
      const server = placement.byName(row.place.server)
      if (server === undefined) return []
      const line = server.resumeSeat(row.place, row.seat.state, (heard) => seat?.hear(heard))
      seat = make.hold(row, line, { resumed: true, expected: 0 })
      held.set(nameOf(row.key), seat)
      return [seat]
    })
    for (const seat of seats) background.work('catching up', call, () => make.catchUp(seat))
  }

  return {
    find: (call, user) => held.get(nameOf({ call, user })),
    hold: (row, line, expected) => make.hold(row, line, { resumed: false, expected }),
    async seat(seat) {
      // What changes before it has a row would find none to be saved in.
      for (let put: StoredSeat | undefined; put !== seat.stored; ) {
        put = seat.stored
        await rows.putSeat(seat.key, put)
      }
      held.set(nameOf(seat.key), seat)
    },
    async takeOver(call, generation) {
      const running = claims.get(call) ?? claimAll(call, generation).finally(() => claims.delete(call))
      claims.set(call, running)
      await running
    },
    async end({ key, place, seat }) {
      const mine = held.get(nameOf(key))
      if (mine?.stored.id === seat.id) {
        held.delete(nameOf(key))
        return mine.close()
      }
      await placement
        .byName(place.server)
        ?.resumeSeat(place, seat.state, () => {})
        .close()
    },
    drop: (seat) => drop(seat, 'over'),
    tell: make.tell,
    work: background.work,
    async close() {
      closed = true
      stop()
      await background.finish()
      release(() => true)
    },
  }
}

type Work = SeatDesk['work']

function createBackground(log: Log): { work: Work; finish(): Promise<void> } {
  const working = new Set<Promise<void>>()
  return {
    work(what, call, doing) {
      const done = doing().then(
        () => {},
        (error: unknown) =>
          log.debug({ call, error: String(error) }, `${what} of a call on a media server failed`),
      )
      working.add(done)
      void done.finally(() => working.delete(done))
    },
    async finish() {
      await Promise.all(working)
    },
  }
}

interface Desk {
  isHeld(seat: HeldSeat): boolean
  drop(seat: HeldSeat, why: 'over' | 'taken'): Promise<void>
  readonly work: Work
}

function createMaker({ rows, bus, clock, log, placement }: SeatDeskParts, desk: Desk) {
  function tell({ call, user, endpoint, generation }: SeatKey, media: MediaTold): void {
    const event: UserEvent = { type: 'call', event: 'media', id: call, endpoint, generation, media }
    bus.publish(userTopic(user), JSON.stringify(event))
  }

  async function save(key: SeatKey, stored: StoredSeat): Promise<boolean> {
    try {
      return await rows.saveSeat(key, stored)
    } catch (error) {
      // The next change is saved with this one; until then only the end of this process would do harm.
      log.debug({ call: key.call, error: String(error) }, 'a seat was not saved')
      return true
    }
  }

  function hold(
    { key, place, seat: stored }: SeatRow,
    line: MediaSeat,
    how: Pick<HeldSeatParts, 'resumed' | 'expected'>,
  ): HeldSeat {
    const seat: HeldSeat = createHeldSeat({
      key,
      stored,
      line,
      ...how,
      clock,
      log,
      tell: (told) => tell(key, told),
      // One that has not published yet is not stored.
      save: (now) => (desk.isHeld(seat) ? save(key, now) : Promise.resolve(true)),
      onEnd: (why) =>
        desk.work('ending a seat', key.call, () => desk.drop(seat, why === 'gone' ? 'over' : why)),
      onMissed: () => desk.work('catching up', key.call, () => catchUp(seat)),
      onDoubt: () => placement.doubt(place.server),
    })
    return seat
  }

  async function catchUp(seat: HeldSeat): Promise<void> {
    const { call, generation } = seat.key
    const read = async () =>
      new Map(
        (await rows.readSeats(call, generation)).flatMap(({ seat: { feed, tracks } }) =>
          feed === undefined ? [] : [[feed, tracks] as const],
        ),
      )
    await seat.catchUp(read).catch(() => {
      clock.after(CATCH_UP_AGAIN_MS, () => {
        if (desk.isHeld(seat)) desk.work('catching up', call, () => catchUp(seat))
      })
    })
  }

  return { tell, hold, catchUp }
}

/** Somebody has one seat in a call at most. */
const nameOf = ({ call, user }: Pick<SeatKey, 'call' | 'user'>): string => `${call} ${user}`
