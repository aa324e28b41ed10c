/** A call as devices see it, and what they ask of one: the requests and pushes `call`. */
import { z } from 'zod'
import * as shape from './shapes.ts'

/** What a browser says to another one at most; a description of many tracks has some 10 KB. */
export const SIGNAL_MAX_BYTES = 64 * 1024
/** Members it rings for; in larger rooms the others find the call in the room. */
export const RING_MAX_USERS = 50
/** Where every browser sends to every other one. */
export const MESH_MAX_USERS = { video: 4, sound: 8 } as const
/** Who is in a call says so this often. */
export const CALL_HERE_MS = 5_000

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
})

export const call = z.object({
  id: shape.id,
  room: shape.id,
  media: shape.callMedia,
  started_by: shape.id,
  started_at: shape.timestamp,
  answered_at: shape.timestamp.optional(),
  ended_at: shape.timestamp.optional(),
  participants: z.array(callParticipant),
})

const asked = { id: z.int() }
const inCall = { ...asked, endpoint, call: shape.id }

/** What a client may ask of a call. `here` every `CALL_HERE_MS` while it is in one; `signal` is passed on unread. */
export const callRequest = z.discriminatedUnion('op', [
  z.object({ op: z.literal('start'), ...asked, endpoint, room: shape.id, media: shape.callMedia }),
  z.object({ op: z.literal('join'), ...inCall }),
  z.object({ op: z.literal('decline'), ...asked, call: shape.id }),
  z.object({ op: z.literal('leave'), ...inCall }),
  z.object({ op: z.literal('here'), ...inCall }),
  z.object({ op: z.literal('signal'), ...inCall, to: shape.id, data: z.string().max(SIGNAL_MAX_BYTES) }),
  z.object({ op: z.literal('list'), ...asked }),
])

export type CallRequest = z.output<typeof callRequest>
export type CallShape = z.output<typeof call>
export type CallLineShape = z.output<typeof shape.callLine>
export type CallMedia = z.output<typeof shape.callMedia>
export type Standing = z.output<typeof standing>
