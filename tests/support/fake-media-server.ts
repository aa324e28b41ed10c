/** A media server without media: whoever publishes sends at once. Tests take it away, and look what it was asked. */
import {
  type MediaHeard,
  type MediaOffer,
  type MediaRoom,
  type MediaSeat,
  MediaSeatGone,
  type MediaServer,
  MediaServerAway,
  type MediaTrack,
} from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

interface Session {
  readonly id: string
  readonly room: MediaRoom
  user: string
  feed: string | undefined
  tracks: readonly MediaTrack[]
  received: MediaOffer['tracks']
  restarts: number
  /** Made, and not answered. */
  waits: boolean
  hear: ((heard: MediaHeard) => void) | undefined
}

/** What all processes see of one server. */
export interface FakeWorld {
  readonly server: MediaServer
  another(): MediaServer
  kill(): void
  /** Comes back, or forgets, with nothing it knew. */
  restart(): void
  /** Who is in rooms. */
  users(): string[]
  rooms(): string[]
  /** Layers that were asked for, the newest last. */
  readonly layers: { user: string; mid: string; layer: number }[]
  /** Somebody speaks, and everybody in the room hears of it. */
  speak(user: string, speaking: boolean): void
  /** Of whoever was asked to say how many people there are. */
  people: number | undefined
}

export function createFakeMediaServer(name = 'fake'): FakeWorld {
  const rooms = new Map<string, MediaRoom>()
  const sessions = new Map<string, Session>()
  const layers: FakeWorld['layers'] = []
  let alive = true
  let count = 0

  const next = (): string => `${++count}`
  const assertAlive = (): void => {
    if (!alive) throw new MediaServerAway('killed', true)
  }
  const publishers = (room: MediaRoom): Session[] =>
    [...sessions.values()].filter((one) => one.room.room === room.room && one.tracks.length > 0)
  const toPublisher = ({ feed = '', user, tracks }: Session): MediaHeard => ({
    event: 'publisher',
    feed,
    user,
    tracks,
  })
  const toOthers = (session: Session, heard: MediaHeard): void => {
    for (const one of sessions.values())
      if (one !== session && one.feed !== undefined && one.room.room === session.room.room) one.hear?.(heard)
  }
  function end(session: Session): void {
    sessions.delete(session.id)
    if (session.feed !== undefined) toOthers(session, { event: 'unpublished', feed: session.feed })
  }
  function forget(which: (session: Session) => boolean): void {
    for (const session of sessions.values()) {
      if (!which(session)) continue
      sessions.delete(session.id)
      queueMicrotask(() => session.hear?.({ event: 'gone' }))
    }
  }
  function enter(session: Session): void {
    const known = rooms.get(session.room.room)
    if (known === undefined) throw new MediaSeatGone()
    if (known.secret !== session.room.secret) throw new MediaServerAway('a wrong secret', true)
    session.feed ??= next()
  }

  function seat(id: string, hear: Session['hear']): MediaSeat {
    const find = (): Session => {
      assertAlive()
      const session = sessions.get(id)
      if (session === undefined) throw new MediaSeatGone()
      return session
    }
    return {
      state: id,
      get feed() {
        return sessions.get(id)?.feed
      },
      async publish(sdp, tracks) {
        const session = find()
        const isNew = session.feed === undefined
        const sections = [...sdp.matchAll(/^m=.*$/gm)].map(([line]) => line)
        if (!sections.every((line) => /^m=(audio|video) /.test(line)))
          throw new ParleyError('invalid_request')
        enter(session)
        session.tracks = tracks
        if (isNew)
          for (const one of publishers(session.room))
            if (one !== session) queueMicrotask(() => session.hear?.(toPublisher(one)))
        if (tracks.length > 0 || !isNew) toOthers(session, toPublisher(session))
        return sections.length === 0 ? undefined : [`a=ice-ufrag:${session.feed}`, ...sections].join('\r\n')
      },
      async offer({ add, remove, restart }) {
        const session = find()
        if (session.waits) throw new Error('an offer waits for its answer')
        const there = publishers(session.room)
        if (add.some(({ feed }) => !there.some((one) => one.feed === feed))) return null
        const kept = session.received.filter(
          (track) => !remove.some((one) => one.feed === track.feed && one.feedMid === track.feedMid),
        )
        for (const { layer, ...track } of add) {
          const mid = next()
          kept.push({ ...track, mid })
          layers.push({ user: session.user, mid, layer })
        }
        if (restart === true) session.restarts++
        session.received = kept
        session.waits = true
        return { sdp: `offer ${next()} restarts ${session.restarts}`, tracks: kept }
      },
      async answer() {
        find().waits = false
      },
      async addCandidates() {
        find()
      },
      async setLayers(wished) {
        const { user } = find()
        layers.push(...wished.map((one) => ({ user, ...one })))
      },
      async publishers() {
        const session = find()
        return publishers(session.room).flatMap(({ feed = '', user }) =>
          feed === session.feed ? [] : [{ feed, user }],
        )
      },
      release() {
        const session = sessions.get(id)
        // Another process may listen by now.
        if (session !== undefined && session.hear === hear) session.hear = undefined
      },
      async close() {
        const session = sessions.get(id)
        if (session !== undefined && alive) end(session)
      },
    }
  }

  const create = (): MediaServer => ({
    name,
    async check() {
      assertAlive()
      return {
        people: world.people ?? [...sessions.values()].filter(({ feed }) => feed !== undefined).length,
      }
    },
    async createRoom(room) {
      assertAlive()
      if (!rooms.has(room.room)) rooms.set(room.room, room)
    },
    async destroyRoom({ room, secret }) {
      assertAlive()
      const known = rooms.get(room)
      if (known !== undefined && known.secret !== secret) throw new MediaServerAway('a wrong secret', true)
      rooms.delete(room)
      forget((session) => session.room.room === room)
    },
    async openSeat(room, user, hear) {
      assertAlive()
      const id = `session ${next()}`
      const none = { feed: undefined, tracks: [], received: [], restarts: 0, waits: false }
      sessions.set(id, { id, room, user, hear, ...none })
      return seat(id, hear)
    },
    resumeSeat(_, id, hear) {
      const session = sessions.get(id)
      if (session !== undefined) session.hear = hear
      return seat(id, hear)
    },
    close() {},
  })

  const world: FakeWorld = {
    server: create(),
    another: create,
    kill() {
      alive = false
      for (const { hear } of sessions.values()) queueMicrotask(() => hear?.({ event: 'doubt' }))
    },
    restart() {
      alive = true
      rooms.clear()
      forget(() => true)
    },
    users: () =>
      [...sessions.values()].flatMap(({ user, feed }) => (feed === undefined ? [] : [user])).toSorted(),
    rooms: () => [...rooms.keys()],
    layers,
    speak(user, speaking) {
      for (const { feed, user: other, room } of sessions.values())
        for (const one of sessions.values())
          if (other === user && feed !== undefined && one.room.room === room.room)
            one.hear?.({ event: 'speaking', feed, speaking })
    },
    people: undefined,
  }
  return world
}
