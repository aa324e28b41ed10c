/** Ends what a call as it is now does not need on media servers: seats of who is out of it, and rooms that it has left. */
import type { Log } from '@parley/contracts'
import type { Call } from '../call-machine.ts'
import type { MediaPlacement } from './media-placement.ts'
import type { SeatDesk } from './seat-desk.ts'
import type { SeatRows } from './seat-rows.ts'

export interface SettleParts {
  readonly rows: SeatRows
  readonly desk: SeatDesk
  readonly placement: MediaPlacement
  readonly log: Log
}

export async function settleCall({ rows, desk, placement, log }: SettleParts, call: Call): Promise<void> {
  const { id, transport, ended } = call
  const stays = ended === undefined && transport.kind === 'sfu'
  const dropped = await rows.dropOthers(id, transport.generation, stays ? whereJoined(call) : [])
  await Promise.all(dropped.map((row) => desk.end(row)))
  const left = await rows.readRooms(id, ended === undefined ? transport.generation : transport.generation + 1)
  for (const { generation, ...place } of left) {
    try {
      // One that is no longer configured is nobody's to tidy.
      await placement.byName(place.server)?.destroyRoom(place)
      await rows.dropRoom(id, generation)
    } catch (error) {
      // It is away: another time.
      log.debug({ call: id, server: place.server, error: String(error) }, 'a room on a media server is left')
    }
  }
}

export function whereJoined(call: Call): { user: string; endpoint: string }[] {
  return Object.entries(call.participants).flatMap(([user, { standing, endpoint }]) =>
    standing === 'joined' && endpoint !== undefined ? [{ user, endpoint }] : [],
  )
}
