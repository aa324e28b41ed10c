/** A seat: a session of its own with a handle that publishes and, once there is something to receive, one that subscribes. */
import type { Clock, MediaFeedTrack, MediaHeard, MediaSeat, MediaTrack, MediaWanted } from '@parley/contracts'
import { MediaServerAway } from '@parley/contracts'
import { z } from 'zod'
import { toCandidates } from './candidates.ts'
import { badDescription, type JanusClient } from './janus-client.ts'
import type { JanusRoom } from './janus-room.ts'
import {
  FeedGone,
  type JanusSession,
  openSession,
  type RoomAnswer,
  resumeSession,
  type SessionListener,
} from './janus-session.ts'
import { type JanusPublisher, type RoomData, sourceOf } from './wire.ts'

const storedState = z.object({
  session: z.number(),
  up: z.number(),
  feed: z.number().optional(),
  down: z.number().optional(),
  /** Of the last offer: Janus does not repeat them where nothing of them changes. */
  tracks: z.array(z.object({ mid: z.string(), feed: z.string(), feedMid: z.string() })).optional(),
})
type State = z.output<typeof storedState>

export interface SeatOptions {
  readonly client: JanusClient
  readonly clock: Clock
  readonly room: JanusRoom
  readonly hear: (heard: MediaHeard) => void
}

export async function openJanusSeat(options: SeatOptions, user: string): Promise<MediaSeat> {
  const listener = createListener(options.hear)
  const session = await openSession(options.client, options.clock, listener)
  try {
    const state: State = { session: session.id, up: await session.attach() }
    return createSeat({ ...options, user, session, state, listener })
  } catch (error) {
    void session.destroy()
    throw error
  }
}

export function resumeJanusSeat(options: SeatOptions, text: string): MediaSeat {
  const state = storedState.parse(JSON.parse(text))
  const listener = createListener(options.hear)
  const session = resumeSession(options.client, options.clock, state.session, listener)
  const seat = createSeat({ ...options, user: undefined, session, state, listener })
  // The poll of a process that is gone takes the first event that comes: this one, which says nothing.
  if (state.feed !== undefined) session.say(state.up, { request: 'configure' }).catch(() => {})
  return seat
}

interface SeatParts extends SeatOptions {
  /** Only for whoever joins. */
  readonly user: string | undefined
  readonly session: JanusSession
  readonly state: State
  readonly listener: Listener
}

function createSeat(parts: SeatParts): MediaSeat {
  const { room, session, listener } = parts
  let state = parts.state
  const wires = createWires(
    parts,
    () => state,
    (more) => {
      state = { ...state, ...more }
    },
  )

  return {
    get state() {
      return JSON.stringify(state)
    },
    get feed() {
      return state.feed === undefined ? undefined : `${state.feed}`
    },
    ...wires,
    async addCandidates(way, candidates) {
      const handle = way === 'up' ? state.up : state.down
      const known = toCandidates(candidates)
      if (handle !== undefined && known.length > 0) await session.trickle(handle, known)
    },
    async setLayers(layers) {
      if (state.down === undefined || layers.length === 0) return
      const streams = layers.map(({ mid, layer }) => ({ mid, substream: layer }))
      await session.say(state.down, { request: 'configure', streams })
    },
    async publishers() {
      const { data } = await session.say(state.up, { request: 'listparticipants', room: room.id })
      return (data.participants ?? []).flatMap((one) =>
        one.publisher && one.id !== state.feed && one.display !== undefined
          ? [{ feed: `${one.id}`, user: one.display }]
          : [],
      )
    },
    release() {
      listener.quiet()
      session.release()
    },
    close() {
      listener.quiet()
      return session.destroy()
    },
  }
}

/** What is negotiated: one description each way. */
function createWires(
  { room, user, session }: SeatParts,
  now: () => State,
  grow: (more: Partial<State>) => void,
): Pick<MediaSeat, 'publish' | 'offer' | 'answer'> {
  /** Of a subscription that came to nothing. */
  let spare: number | undefined

  async function join(sdp: string | undefined, tracks: readonly MediaTrack[]): Promise<RoomAnswer> {
    const who = { ptype: 'publisher', room: room.id, pin: room.pin, display: user }
    const answer =
      sdp === undefined
        ? await session.say(now().up, { request: 'join', ...who })
        : await session.say(
            now().up,
            { request: 'joinandconfigure', ...who, descriptions: describe(tracks) },
            offerOf(sdp),
          )
    if (answer.data.id === undefined) throw new MediaServerAway('let somebody in without a number', true)
    grow({ feed: answer.data.id })
    return answer
  }

  async function subscribe({ add }: MediaWanted): Promise<RoomAnswer | null> {
    if (add.length === 0) return null
    spare ??= await session.attach()
    const answer = await session.say(spare, {
      request: 'join',
      ptype: 'subscriber',
      room: room.id,
      pin: room.pin,
      // Who left is taken out when that is asked for, so that an offer comes only when one was.
      autoupdate: false,
      streams: add.map(toStream),
    })
    grow({ down: spare })
    return answer
  }

  function change(down: number, { add, remove, restart }: MediaWanted): Promise<RoomAnswer> {
    if (restart === true) return session.say(down, { request: 'configure', restart: true })
    if (add.length === 0 && remove.length === 0)
      return session.say(down, { request: 'configure', update: true })
    return session.say(down, {
      request: 'update',
      ...(add.length === 0 ? {} : { subscribe: add.map(toStream) }),
      ...(remove.length === 0 ? {} : { unsubscribe: remove.map(toFeed) }),
    })
  }

  return {
    async publish(sdp, tracks) {
      if (/^m=(?!audio |video )/m.test(sdp))
        throw badDescription('a section that is neither sound nor picture')
      const offered = sdp.includes('\nm=') ? sdp : undefined
      if (now().feed === undefined) return (await join(offered, tracks)).sdp
      if (offered === undefined) return undefined
      const body = { request: 'configure', descriptions: describe(tracks) }
      return (await session.say(now().up, body, offerOf(offered))).sdp
    },
    async offer(wanted) {
      try {
        const { down } = now()
        const answer = down === undefined ? await subscribe(wanted) : await change(down, wanted)
        if (answer?.sdp === undefined) return null
        const tracks = readTracks(answer.data) ?? now().tracks ?? []
        grow({ tracks })
        return { sdp: answer.sdp, tracks }
      } catch (error) {
        // The next news of the room says without whom.
        if (error instanceof FeedGone) return null
        throw error
      }
    },
    async answer(sdp) {
      const { down } = now()
      if (down !== undefined) await session.say(down, { request: 'start' }, { type: 'answer', sdp })
    },
  }
}

interface Listener extends SessionListener {
  /** Nothing more is told. */
  quiet(): void
}

function createListener(hear: (heard: MediaHeard) => void): Listener {
  let quiet = false
  const tell = (heard: MediaHeard): void => {
    if (quiet) return
    if (heard.event === 'gone') quiet = true
    hear(heard)
  }
  return {
    onMessage(message) {
      // One of the connections is over; the browser makes new ones.
      if (['hangup', 'detached', 'timeout'].includes(message.janus)) return tell({ event: 'gone' })
      const data = message.plugindata?.data
      if (data !== undefined) for (const heard of readNews(data)) tell(heard)
    },
    onMissed: () => tell({ event: 'missed' }),
    onDoubt: () => tell({ event: 'doubt' }),
    onGone: () => tell({ event: 'gone' }),
    quiet() {
      quiet = true
    },
  }
}

function readNews(data: RoomData): MediaHeard[] {
  const { videoroom, id, publishers = [], unpublished, leaving } = data
  if (videoroom === 'destroyed') return [{ event: 'gone' }]
  if (videoroom === 'talking' || videoroom === 'stopped-talking')
    return id === undefined ? [] : [{ event: 'speaking', feed: `${id}`, speaking: videoroom === 'talking' }]
  return [
    ...publishers.map(toPublisher),
    ...[unpublished, leaving].flatMap((feed): MediaHeard[] =>
      typeof feed === 'number' ? [{ event: 'unpublished', feed: `${feed}` }] : [],
    ),
  ]
}

function toPublisher({ id, display = '', streams }: JanusPublisher): MediaHeard {
  const tracks = streams.flatMap(({ mid, description, disabled }): MediaTrack[] => {
    const source = sourceOf(description)
    return disabled === true || source === undefined ? [] : [{ mid, source }]
  })
  return { event: 'publisher', feed: `${id}`, user: display, tracks }
}

function readTracks({ streams }: RoomData): State['tracks'] {
  return streams?.flatMap(({ mid, feed_id, feed_mid }) =>
    feed_id === undefined || feed_mid === undefined ? [] : [{ mid, feed: `${feed_id}`, feedMid: feed_mid }],
  )
}

const describe = (tracks: readonly MediaTrack[]): { mid: string; description: string }[] =>
  tracks.map(({ mid, source }) => ({ mid, description: source }))

const toFeed = ({ feed, feedMid }: MediaFeedTrack) => ({ feed: Number(feed), mid: feedMid })

const toStream = (track: MediaFeedTrack & { readonly layer: number }) => ({
  ...toFeed(track),
  substream: track.layer,
})

/** Layers come by their names in the order of the description; Janus has to be told which end is the large one. */
function offerOf(sdp: string): { type: 'offer'; sdp: string; rid_order: 'hml' | 'lmh' } {
  const first = /^a=simulcast:send ~?([^;,\s]*)/m.exec(sdp)?.[1] ?? ''
  return { type: 'offer', sdp, rid_order: /^[hf]/.test(first) ? 'hml' : 'lmh' }
}
