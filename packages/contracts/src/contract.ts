/**
 * A contract is a table of verbs, each with a zod schema for what goes in and what comes out. In one process
 * a call goes straight to the service; across processes the same table validates both sides of the wire.
 */
import type { z } from 'zod'

export interface Verb<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly input: I
  readonly output: O
  /** A remote caller may repeat it after a lost answer. */
  readonly idempotent: boolean
}

export type Verbs = Record<string, Verb>

export interface Contract<V extends Verbs = Verbs> {
  readonly name: string
  readonly verbs: V
}

/** What a call carries besides its input. */
export interface CallContext {
  /** Appears in every log line of the request. */
  readonly requestId: string
  /** Where the journey stands that this call belongs to, if it is recorded; see the port `Tracer`. */
  readonly trace?: string
  /** Aborted when nobody waits for the answer any more; a long verb may stop then. */
  readonly signal?: AbortSignal
}

/** The service behind a contract: one function a verb. Throws `ParleyError` only. */
export type ServiceOf<C extends Contract> = {
  readonly [K in keyof C['verbs']]: (
    input: z.output<C['verbs'][K]['input']>,
    context?: CallContext,
  ) => Promise<z.output<C['verbs'][K]['output']>>
}

export type InputOf<C extends Contract, K extends keyof C['verbs']> = z.output<C['verbs'][K]['input']>
export type OutputOf<C extends Contract, K extends keyof C['verbs']> = z.output<C['verbs'][K]['output']>

export function defineContract<V extends Verbs>(name: string, verbs: V): Contract<V> {
  return { name, verbs }
}

export function verb<I extends z.ZodType, O extends z.ZodType>(
  input: I,
  output: O,
  options: { idempotent: boolean } = { idempotent: true },
): Verb<I, O> {
  return { input, output, idempotent: options.idempotent }
}

export const once = { idempotent: false } as const

/**
 * What a call is about: calls with the same key keep their order, also across processes. Undefined for calls that
 * depend on no other.
 */
export function stickyKeyOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  const { call, room, user } = input as { call?: unknown; room?: unknown; user?: unknown }
  if (typeof call === 'string') return call
  if (typeof room === 'string') return room
  return typeof user === 'string' ? user : undefined
}
