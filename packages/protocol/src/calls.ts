/** A call as devices see it, and what they ask of one: the requests and pushes `call`. */
import { z } from 'zod'
import * as shape from './shapes.ts'

/** What a browser says to another one, or to an SFU, at most: less than a frame. A description of many tracks has some 10 KB. */
export const SIGNAL_MAX_BYTES = 60_000
/** Members it rings for; in larger rooms the others find the call in the room. */
export const RING_MAX_USERS = 50
/** Nobody answered for so long: it is missed. */
export const RING_MS = 45_000
/**
 * Where every browser sends to every other one. In a call with pictures whoever comes after the fourth has sound only, and
 * there are eight at most.
 */
export const MESH_MAX_USERS = { video: 4, sound: 8 } as const

/** Where somebody is in a call: chosen by the client, one a tab, the same after a reload. */
export const endpoint = z.string().min(8).max(64)

export const standing = z.enum(['ringing', 'joined', 'left', 'declined', 'busy', 'missed'])

export const callParticipant = z.object({
  user: shape.id,
  standing,
  /** Where it is joined. */
  endpoint: endpoint.optional(),
  /** Its connection is lost, and it may come back. */
  lost: z.literal(true).optional(),
  /** It sends no pictures: it came when the mesh had as many that do as it bears. */
  sound_only: z.literal(true).optional(),
})

/**
 * How sound and pictures travel. `mesh`: every browser sends to every other one. `sfu`: each sends to a media server, which
 * passes on. A transport with a larger `generation` replaces the one before: everybody connects anew.
 */
export const callTransport = z.object({ kind: z.enum(['mesh', 'sfu']), generation: z.int().min(1) })

export const call = z.object({
  id: shape.id,
  room: shape.id,
  /** Grows with every change; what has a smaller one is older news. */
  version: z.int().min(1),
  media: shape.callMedia,
  transport: callTransport,
  started_by: shape.id,
  started_at: shape.timestamp,
  answered_at: shape.timestamp.optional(),
  ended_at: shape.timestamp.optional(),
  participants: z.array(callParticipant),
})

const asked = { id: z.int() }
const inCall = { ...asked, endpoint, call: shape.id }

/** What of a person's a track is. */
export const trackSource = z.enum(['microphone', 'camera', 'screen', 'screen_sound'])

const sdp = z.string().max(SIGNAL_MAX_BYTES)
const mid = z.string().max(16)
/** Of the two peer connections with an SFU: `up` sends, `down` receives. */
export const mediaWay = z.enum(['up', 'down'])

/** What a browser asks of the SFU. `publish` is answered with `sdp`; the others with nothing. */
export const mediaAsk = z.discriminatedUnion('do', [
  /** An offer for `up`, with what each of its sending sections is. Again whenever something is switched on or off. */
  z.object({
    do: z.literal('publish'),
    sdp,
    tracks: z.array(z.object({ mid, source: trackSource })).max(8),
  }),
  /** The answer to the offer of `down` with this number. */
  z.object({ do: z.literal('answer'), sdp, offer: z.int().min(1) }),
  /** Null: there are no more. */
  z.object({ do: z.literal('candidates'), way: mediaWay, candidates: z.array(z.unknown()).max(50) }),
  /** Layers of pictures by how large they are shown: 0 small, 1 middle, 2 large; what is not named stays as it is. */
  z.object({
    do: z.literal('layers'),
    layers: z.array(z.object({ user: shape.id, source: trackSource, layer: z.int().min(0).max(2) })).max(100),
  }),
  /** A new offer for `down`, with an ICE restart. */
  z.object({ do: z.literal('restart') }),
])

/** What the SFU says to a browser. */
export type MediaTold =
  /** For `down`. What each section carries; a section that is not named carries nothing. */
  | {
      told: 'offer'
      offer: number
      sdp: string
      tracks: { mid: string; user: string; source: TrackSource }[]
    }
  | { told: 'speaking'; user: string; speaking: boolean }
  /** What the server knew of this browser's connections is gone: publish anew, with new connections. */
  | { told: 'gone' }

/** STUN and TURN as `RTCPeerConnection` takes them. */
export const iceServer = z.object({
  urls: z.array(z.string()),
  username: z.string().optional(),
  credential: z.string().optional(),
})

/** How many SFUs are configured, and how many of them answer. */
export const mediaServers = z.object({ configured: z.int().min(0), up: z.int().min(0) })

/** What a client may ask of a call. `here` every `CALL_HERE_MS` while it is in one; `signal` is passed on unread. */
export const callRequest = z.discriminatedUnion('op', [
  z.object({ op: z.literal('start'), ...asked, endpoint, room: shape.id, media: shape.callMedia }),
  z.object({ op: z.literal('join'), ...inCall }),
  z.object({ op: z.literal('decline'), ...asked, call: shape.id }),
  z.object({ op: z.literal('leave'), ...inCall }),
  z.object({ op: z.literal('here'), ...inCall }),
  z.object({ op: z.literal('signal'), ...inCall, to: shape.id, data: z.string().max(SIGNAL_MAX_BYTES) }),
  z.object({ op: z.literal('media'), ...inCall, generation: z.int().min(1), ask: mediaAsk }),
  z.object({ op: z.literal('list'), ...asked }),
  /** Fresh credentials for STUN and TURN; also outside a call, for the self-test. */
  z.object({ op: z.literal('ice'), ...asked }),
])

export type CallRequest = z.output<typeof callRequest>
export type CallShape = z.output<typeof call>
export type CallLineShape = z.output<typeof shape.callLine>
export type CallMedia = z.output<typeof shape.callMedia>
export type CallTransport = z.output<typeof callTransport>
export type TrackSource = z.output<typeof trackSource>
export type MediaAsk = z.output<typeof mediaAsk>
export type MediaWay = z.output<typeof mediaWay>
export type MediaServers = z.output<typeof mediaServers>
export type IceServer = z.output<typeof iceServer>
export type Standing = z.output<typeof standing>
