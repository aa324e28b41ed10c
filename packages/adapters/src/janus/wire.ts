/** What of Janus's messages matters here; the rest is ignored. */
import { trackSource } from '@parley/protocol/calls'
import { z } from 'zod'

const id = z.number()

/** A section of what somebody sends. */
const sentStream = z.object({
  mid: z.string(),
  description: z.string().optional(),
  disabled: z.boolean().optional(),
})

const publisher = z.object({
  id,
  display: z.string().optional(),
  streams: z.array(sentStream).default([]),
})

/** A section of what somebody receives. */
const receivedStream = z.object({
  mid: z.string(),
  active: z.boolean().optional(),
  feed_id: id.optional(),
  feed_mid: z.string().optional(),
})

/** What the VideoRoom plug-in says. */
export const roomData = z.object({
  videoroom: z.string(),
  error_code: z.number().optional(),
  error: z.string().optional(),
  /** Of who joined, or who is speaking. */
  id: id.optional(),
  publishers: z.array(publisher).optional(),
  /** A feed; `ok` where it was this one. */
  unpublished: z.union([id, z.literal('ok')]).optional(),
  leaving: z.union([id, z.literal('ok')]).optional(),
  streams: z.array(receivedStream).optional().catch(undefined),
  participants: z.array(z.object({ id, display: z.string().optional(), publisher: z.boolean() })).optional(),
  list: z.array(z.object({ num_participants: z.number() })).optional(),
})

export const janusMessage = z.object({
  janus: z.string(),
  transaction: z.string().optional(),
  /** The handle it is about. */
  sender: id.optional(),
  data: z.object({ id }).optional(),
  error: z.object({ code: z.number(), reason: z.string() }).optional(),
  plugindata: z.object({ data: roomData }).optional(),
  jsep: z.object({ type: z.string(), sdp: z.string() }).optional(),
})

/** One of them, or a list where several were asked for. */
export const janusMessages = z
  .union([z.array(janusMessage), janusMessage])
  .transform((one) => (Array.isArray(one) ? one : [one]))

export type RoomData = z.output<typeof roomData>
export type JanusMessage = z.output<typeof janusMessage>
export type JanusPublisher = z.output<typeof publisher>

export const sourceOf = (description: string | undefined): z.output<typeof trackSource> | undefined =>
  trackSource.safeParse(description).data
