/** A seat for a connection that is new. Whatever its user had in the call before is ended. */
import type { MediaHeard, MediaTrack, NewId } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { HeldSeat } from './held-seat.ts'
import type { MediaPlacement } from './media-placement.ts'
import type { SeatDesk } from './seat-desk.ts'
import type { MediaPlace, SeatKey, SeatRows, StoredSeat } from './seat-rows.ts'

export interface NewSeat {
  readonly key: SeatKey
  readonly place: MediaPlace
  readonly sdp: string
  readonly tracks: readonly MediaTrack[]
  /** Others in the call who connect at the same time. */
  readonly expected: number
  /** Throws when its user is out of the call meanwhile. */
  readonly stillIn: () => Promise<unknown>
}

export interface OpenSeatParts {
  readonly rows: SeatRows
  readonly desk: SeatDesk
  readonly placement: MediaPlacement
  readonly newId: NewId
}

/** The answer to its offer. */
export async function openSeat(
  { rows, desk, placement, newId }: OpenSeatParts,
  { key, place, sdp, tracks, expected, stillIn }: NewSeat,
): Promise<string | undefined> {
  const server = placement.byName(place.server)
  if (server === undefined) throw new ParleyError('unavailable')
  for (const row of await rows.dropSeats(key.call, key.user))
    desk.work('ending a seat', key.call, () => desk.end(row))
  await rows.putRoom(key.call, key.generation, place)
  await server.createRoom(place)
  let seat: HeldSeat | undefined
  const line = await server.openSeat(place, key.user, (heard: MediaHeard) => seat?.hear(heard))
  const stored: StoredSeat = {
    id: newId(),
    state: line.state,
    origin: originOf(sdp),
    feed: undefined,
    tracks,
    offers: 0,
    received: [],
    told: [],
    layers: [],
  }
  const made = desk.hold({ key, place, seat: stored }, line, expected)
  seat = made
  try {
    const answer = await made.publish(sdp, tracks)
    await desk.seat(made)
    await stillIn()
    return answer
  } catch (error) {
    desk.work('ending a seat', key.call, async () => {
      await desk.drop(made)
      await made.close()
    })
    throw error
  }
}

/** Of the connection that made the description: the same over all of its offers (RFC 8829, 5.2.1). */
export const originOf = (sdp: string): string => /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? ''
