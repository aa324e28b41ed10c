/**
 * What travels between two processes of a deployment: one WebSocket a caller and replica, JSON frames, all calls of
 * one tick in one frame. Order is that of the socket in both directions; answers come as they are ready.
 */
import { isErrorCode, ParleyError } from '@parley/protocol'
import { z } from 'zod'

export const CALLS_PATH = '/calls'
/** Grows with every change of a contract that an older process would not understand. */
export const CALLS_VERSION = 1
/** Callers down to this one are still answered: a rolling upgrade has both for a while. */
export const CALLS_VERSION_OLDEST = 1
export const VERSION_HEADER = 'x-parley-calls'
/** The contract that the caller is after: a process that starts listens before its services are there. */
export const CONTRACT_HEADER = 'x-parley-contract'
/** By which a caller shows that it may, and says what it speaks and what it is after. */
export function callHeaders(serviceKey: string, contract: string): Record<string, string> {
  return {
    authorization: `Bearer ${serviceKey}`,
    [VERSION_HEADER]: String(CALLS_VERSION),
    [CONTRACT_HEADER]: contract,
  }
}

/** What a person changes when a process answers a caller with this status; undefined for those that pass by themselves. */
export function remedyFor(status: number | undefined): string | undefined {
  switch (status) {
    case 401:
      return 'PARLEY_SERVICE_KEY differs: give all processes the same one'
    case 404:
      return 'what listens there is not the internal address of a Parley: mend the address'
    case 426:
      return 'it runs another version of Parley: give both the same one, or one release apart'
    default:
      return undefined
  }
}

/** A page of the longest messages, with room to spare. */
export const CALL_FRAME_MAX_BYTES = 32 * 1024 * 1024
/** Signs of life in both directions, so that a frozen process is noticed by the other. */
export const CALLS_PING_MS = 1_000
export const CALLS_SILENCE_MS = 3_000

const wireError = z.object({
  code: z.string(),
  message: z.string(),
  details: z.unknown().optional(),
  retry_after_ms: z.number().optional(),
})

const wireCall = z.object({
  id: z.int(),
  contract: z.string(),
  verb: z.string(),
  input: z.unknown(),
  request: z.string().optional(),
  /** W3C `traceparent` of a recorded journey; who does not know it leaves it out. */
  trace: z.string().optional(),
})

/** From the caller. */
export const callsFrame = z.object({
  calls: z.array(wireCall).optional(),
  /** Ids of calls whose answers nobody wants any more. */
  cancel: z.array(z.int()).optional(),
})

/** From the replica. */
export const answersFrame = z.object({
  answers: z
    .array(z.object({ id: z.int(), output: z.unknown().optional(), error: wireError.optional() }))
    .optional(),
  /** It is about to end: new calls go elsewhere, what is under way is still answered. */
  leaving: z.boolean().optional(),
})

export type WireCall = z.output<typeof wireCall>
export type WireError = z.output<typeof wireError>
export type CallsFrame = z.output<typeof callsFrame>
export type AnswersFrame = z.output<typeof answersFrame>

export function toWireError(error: ParleyError): WireError {
  return {
    code: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }),
  }
}

/** A code that this process does not know yet is one of a newer process: it is not our caller's fault. */
export function fromWireError(error: WireError): ParleyError {
  return new ParleyError(isErrorCode(error.code) ? error.code : 'unavailable', {
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retry_after_ms === undefined ? {} : { retryAfterMs: error.retry_after_ms }),
  })
}
