/** Calls between services of one process. */
import type { CallContext, Contract, ServiceOf, Verbs } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

export interface LocalCaller<C extends Contract> {
  /** May be handed out before the service exists; until then its verbs answer `unavailable`. */
  readonly service: ServiceOf<C>
  /** The service behind it from now on. */
  connect(service: ServiceOf<C>): void
}

type AnyService = Record<string, (input: unknown, context?: CallContext) => Promise<unknown>>

/**
 * @param strict encodes, decodes and validates input and output, as a call across machines would: what works here
 * then works there. For tests; otherwise a call is a function call.
 */
export function createLocalCaller<V extends Verbs>(
  contract: Contract<V>,
  strict: boolean,
): LocalCaller<Contract<V>> {
  let target: AnyService | undefined

  const call = async (name: string, input: unknown, context?: CallContext): Promise<unknown> => {
    const verb = target?.[name]
    const definition = contract.verbs[name]
    if (verb === undefined || definition === undefined)
      throw new ParleyError('unavailable', { retryAfterMs: 1_000 })
    const given = strict ? definition.input.parse(throughJson(input)) : input
    const output = await untilAborted(() => verb(given, context), context?.signal)
    return strict ? definition.output.parse(throughJson(output)) : output
  }

  const verbs = Object.keys(contract.verbs).map((name) => [
    name,
    (input: unknown, context?: CallContext) => call(name, input, context),
  ])
  return {
    service: Object.fromEntries(verbs) as ServiceOf<Contract<V>>,
    connect(service) {
      target = service as AnyService
    },
  }
}

function untilAborted<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work()
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new ParleyError('unavailable', { retryAfterMs: 1_000 }))
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp))
  })
}

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
