/** Seats and rooms on media servers as rows, so that they are ended for certain, and any process can go on with them. */
import type { Database, MediaOffer, MediaRoom, MediaTrack } from '@parley/contracts'
import type { MediaTold } from '@parley/protocol/calls'
import type { Layer } from './layers.ts'

export type ToldOffer = Extract<MediaTold, { told: 'offer' }>

/** Whose seat it is, and in which generation of which call's transport. */
export interface SeatKey {
  readonly call: string
  readonly user: string
  readonly endpoint: string
  readonly generation: number
}

export interface StoredSeat {
  readonly id: string
  /** The server's own. */
  readonly state: string
  /** Of the browser's connection that sends: another one needs another seat. */
  readonly origin: string
  readonly feed: string | undefined
  /** What it sends. */
  readonly tracks: readonly MediaTrack[]
  /** The number of the last offer. */
  readonly offers: number
  /** The offer that is not answered yet; `first`: its number when it was made first. */
  readonly waiting?: { readonly first: number; readonly told: ToldOffer } | undefined
  /** What the last offer has it receive. */
  readonly received: MediaOffer['tracks']
  /** As the browser was told of it. */
  readonly told: ToldOffer['tracks']
  readonly layers: readonly Layer[]
}

/** A room on a server, for one generation of a call's transport. */
export interface MediaPlace extends MediaRoom {
  readonly server: string
}

export interface SeatRow {
  readonly key: SeatKey
  readonly place: MediaPlace
  readonly seat: StoredSeat
}

interface Row extends MediaPlace {
  call_id: string
  user_id: string
  endpoint: string
  generation: number
  seat: StoredSeat
}

const toSeat = ({ call_id, user_id, endpoint, generation, seat, server, room, secret }: Row): SeatRow => ({
  key: { call: call_id, user: user_id, endpoint, generation },
  place: { server, room, secret },
  seat,
})

const COLUMNS = 's.call_id, s.user_id, s.endpoint, s.generation, s.seat, r.server, r.room, r.secret'
const JOINED = 's.call_id = r.call_id and s.generation = r.generation'

/** `holder`: this process. */
export function createSeatRows(database: Database, holder: string) {
  return {
    ...createRoomRows(database),
    /** In the place of whatever the user had in the call. */
    async putSeat({ call, user, endpoint, generation }: SeatKey, seat: StoredSeat): Promise<void> {
      await database.query(
        `insert into calls.media_seat (call_id, user_id, endpoint, generation, holder, seat)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (call_id, user_id) do update set endpoint = excluded.endpoint,
           generation = excluded.generation, holder = excluded.holder, seat = excluded.seat`,
        [call, user, endpoint, generation, holder, JSON.stringify(seat)],
        'media.put-seat',
      )
    },
    /** False when the seat is another process's now, or gone. */
    async saveSeat({ call, user, endpoint, generation }: SeatKey, seat: StoredSeat): Promise<boolean> {
      const { rowCount } = await database.query(
        `update calls.media_seat set seat = $6
         where call_id = $1 and user_id = $2 and endpoint = $3 and generation = $4 and holder = $5`,
        [call, user, endpoint, generation, holder, JSON.stringify(seat)],
        'media.save-seat',
      )
      return rowCount > 0
    },
    /** Of the user in the call; only this one where an `id` is given. What there was is answered. */
    async dropSeats(call: string, user: string, id?: string): Promise<SeatRow[]> {
      const { rows } = await database.query<Row>(
        `delete from calls.media_seat s using calls.media_room r
         where ${JOINED} and s.call_id = $1 and s.user_id = $2
         and ($3::text is null or s.seat->>'id' = $3) returning ${COLUMNS}`,
        [call, user, id ?? null],
        'media.drop-seats',
      )
      return rows.map(toSeat)
    },
    /** All of the call but those of these people, at these endpoints, in this generation. */
    async dropOthers(
      call: string,
      generation: number,
      people: readonly { readonly user: string; readonly endpoint: string }[],
    ): Promise<SeatRow[]> {
      const { rows } = await database.query<Row>(
        `delete from calls.media_seat s using calls.media_room r
         where ${JOINED} and s.call_id = $1 and not (s.generation = $2 and (s.user_id, s.endpoint) in
           (select * from unnest($3::text[], $4::text[]))) returning ${COLUMNS}`,
        [call, generation, people.map(({ user }) => user), people.map(({ endpoint }) => endpoint)],
        'media.drop-others',
      )
      return rows.map(toSeat)
    },
    /** This process takes over what others hold. */
    async claimSeats(call: string, generation: number): Promise<SeatRow[]> {
      const { rows } = await database.query<Row>(
        `update calls.media_seat s set holder = $3 from calls.media_room r
         where ${JOINED} and s.call_id = $1 and s.generation = $2 and s.holder <> $3 returning ${COLUMNS}`,
        [call, generation, holder],
        'media.claim-seats',
      )
      return rows.map(toSeat)
    },
    async readSeats(call: string, generation: number): Promise<SeatRow[]> {
      const { rows } = await database.query<Row>(
        `select ${COLUMNS} from calls.media_seat s join calls.media_room r on ${JOINED}
         where s.call_id = $1 and s.generation = $2`,
        [call, generation],
        'media.read-seats',
      )
      return rows.map(toSeat)
    },
  }
}

function createRoomRows(database: Database) {
  return {
    /** Before the room is made: what is written here is ended some day. */
    async putRoom(call: string, generation: number, { server, room, secret }: MediaPlace): Promise<void> {
      await database.query(
        `insert into calls.media_room (call_id, generation, server, room, secret) values ($1, $2, $3, $4, $5)
         on conflict do nothing`,
        [call, generation, server, room, secret],
        'media.put-room',
      )
    },
    /** Those of the call before this generation. */
    async readRooms(call: string, before: number): Promise<(MediaPlace & { readonly generation: number })[]> {
      const { rows } = await database.query<MediaPlace & { generation: number }>(
        'select generation, server, room, secret from calls.media_room where call_id = $1 and generation < $2',
        [call, before],
        'media.read-rooms',
      )
      return rows
    },
    async dropRoom(call: string, generation: number): Promise<void> {
      await database.query(
        'delete from calls.media_room where call_id = $1 and generation = $2',
        [call, generation],
        'media.drop-room',
      )
    },
    /** Calls that have something on a media server. */
    async callsWithMedia(): Promise<string[]> {
      const { rows } = await database.query<{ id: string }>(
        'select distinct call_id as id from calls.media_room',
        [],
        'media.calls',
      )
      return rows.map(({ id }) => id)
    },
  }
}

export type SeatRows = ReturnType<typeof createSeatRows>
