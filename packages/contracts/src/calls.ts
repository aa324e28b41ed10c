/** What the calls service promises: who is in which call, who is rung, what browsers say to each other. */
import * as shape from '@parley/protocol/calls'
import { callMedia, id } from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, once, type ServiceOf, verb } from './contract.ts'

const atEndpoint = z.object({ user: id, endpoint: shape.endpoint })
const inCall = atEndpoint.extend({ call: id })
const call = z.object({ call: shape.call })

export const callsContract = defineContract('calls', {
  /**
   * Joins the room's call if there is one. Members only (`not_found`, `not_member`), with the permission `start_call`
   * and not as a reader (`forbidden`), and in no other call (`conflict`).
   */
  startCall: verb(atEndpoint.extend({ room: id, media: callMedia }), call, once),
  /** An answer, a late joining, a coming back, or taking over from one's other device. `conflict` when it is over. */
  joinCall: verb(inCall, call),
  declineCall: verb(z.object({ user: id, call: id }), z.object({})),
  leaveCall: verb(inCall, z.object({})),
  /** It is still in it. `conflict` when it is not any more. */
  sayHere: verb(inCall, call),
  /** To where another participant is joined. */
  relaySignal: verb(
    inCall.extend({ to: id, data: z.string().max(shape.SIGNAL_MAX_BYTES) }),
    z.object({}),
    once,
  ),
  /**
   * Of the SFU. `conflict` when one is not in the call any more, or the call's transport is another one; `unavailable`
   * when the SFU is away.
   */
  askMedia: verb(
    inCall.extend({ generation: z.int().min(1), ask: shape.mediaAsk }),
    z.object({ sdp: z.string().optional() }),
    once,
  ),
  /** STUN and TURN, with credentials that are good for some hours; and how many SFUs there are, and are up. */
  iceServers: verb(
    z.object({ user: id }),
    z.object({ ice_servers: z.array(shape.iceServer), media_servers: shape.mediaServers }),
  ),
  /** For gateways: the connection is gone. */
  loseEndpoint: verb(atEndpoint, z.object({})),
  /** For gateways: those of these rooms that are not over; what a device that has just come asks for. */
  listCalls: verb(z.object({ rooms: z.array(id) }), z.object({ calls: z.array(shape.call) })),
})

export type CallsService = ServiceOf<typeof callsContract>
