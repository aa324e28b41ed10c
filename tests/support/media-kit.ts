/** Calls on media servers without the rest of the calls service: rows, processes that look after seats, and browsers. */
import { type Bus, type Clock, createIds, silentLog, type UserEvent, userTopic } from '@parley/contracts'
import { describeOffer } from '@parley/contracts/testing/media-server-suite'
import type { MediaAsk, MediaTold, TrackSource } from '@parley/protocol/calls'
import type { Call } from '@parley/services/calls/call-machine'
import { readCall } from '@parley/services/calls/keep-call'
import type { MediaPlacement } from '@parley/services/calls/media/media-placement'
import { createMediaSeats, type MediaSeats } from '@parley/services/calls/media/media-seats'
import { expect, vi } from 'vitest'
import type { TestDatabase } from './test-database.ts'

const newId = createIds()

export type Offer = Extract<MediaTold, { told: 'offer' }>

/** What takes some milliseconds on a machine that has nothing else to do. */
export const eventually = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 })

/** The seats of one process of the role `calls`. */
export function startSeats(parts: {
  base: TestDatabase
  bus: Bus
  clock: Clock
  placement: MediaPlacement
}): MediaSeats {
  const { base, ...rest } = parts
  const { database } = base
  return createMediaSeats({
    ...rest,
    database,
    newId,
    log: silentLog,
    readCall: (id) => readCall(database, id),
  })
}

export const sfu = (server: string, generation = 1) =>
  ({ kind: 'sfu', generation, server, room: newId(), secret: newId() }) as const

/** One on this server, which all of them have joined. */
export async function putCall({ database }: TestDatabase, server: string, ...users: string[]): Promise<Call> {
  const call: Call = {
    id: newId(),
    room: newId(),
    version: 1,
    media: 'video',
    transport: sfu(server),
    direct: false,
    startedBy: users[0] ?? '',
    startedAt: 0,
    participants: Object.fromEntries(
      users.map((user) => [user, { standing: 'joined', endpoint: `${user}-tab`, joinedAt: 0 }]),
    ),
  }
  await database.query('insert into calls.call (id, room_id, call) values ($1, $2, $3)', [
    call.id,
    call.room,
    JSON.stringify(call),
  ])
  return call
}

/** Stored; not settled. */
export async function changeCall({ database }: TestDatabase, call: Call, more: Partial<Call>): Promise<Call> {
  const after = { ...call, ...more }
  await database.query('update calls.call set call = $2 where id = $1', [call.id, JSON.stringify(after)])
  return after
}

/** What the SFU tells somebody there, from now on. */
export async function hearMedia(
  bus: Bus,
  { call, user, endpoint }: { call: string; user: string; endpoint: string },
  hear: (told: MediaTold) => void,
): Promise<void> {
  await bus.subscribe(userTopic(user), (message) => {
    const event = JSON.parse(message) as UserEvent
    if (event.type !== 'call' || event.event !== 'media') return
    if (event.id === call && event.endpoint === endpoint) hear(event.media)
  })
}

const namesOf = (offer: Offer | undefined): string[] | undefined =>
  offer?.tracks.map(({ user, source }) => `${user} ${source}`).toSorted()

let connections = 0

/** A browser that says what one says, and connects to nothing. */
export async function signalling(
  { bus, seats }: { bus: Bus; seats: () => MediaSeats },
  call: Call,
  user: string,
  endpoint = `${user}-tab`,
) {
  const heard: MediaTold[] = []
  await hearMedia(bus, { call: call.id, user, endpoint }, (told) => heard.push(told))
  let origin = ++connections
  let version = 1
  const ask = (asked: MediaAsk, generation = 1) =>
    seats().ask({ user, endpoint, call: call.id, generation, ask: asked })
  const offers = (): Offer[] => heard.flatMap((one) => (one.told === 'offer' ? [one] : []))
  const answer = ({ offer }: { offer: number }) => ask({ do: 'answer', sdp: 'answer', offer })
  return {
    heard,
    ask,
    offers,
    answer,
    /** The newest offer, once it is of these. */
    offered: (...tracks: string[]): Promise<Offer> =>
      eventually(() => {
        const last = offers().at(-1)
        expect(namesOf(last)).toEqual(tracks.toSorted())
        return last as Offer
      }),
    /** Answers what is offered until it is of these; the last one. */
    take: (...tracks: string[]): Promise<Offer> =>
      eventually(async () => {
        const last = offers().at(-1)
        if (last !== undefined) await answer(last)
        expect(namesOf(last)).toEqual(tracks.toSorted())
        return last as Offer
      }),
    /** As after a reload: new connections. */
    reconnect() {
      origin = ++connections
      version = 1
    },
    publish(...sources: TrackSource[]) {
      const sections = sources.map((source) =>
        source === 'microphone' || source === 'screen_sound' ? 'audio' : 'video',
      )
      const tracks = sources.map((source, n) => ({ mid: `${n}`, source }))
      return ask({ do: 'publish', sdp: describeOffer(sections, ++version, origin), tracks })
    },
  }
}
