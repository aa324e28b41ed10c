/**
 * A service that runs in other processes, as a contract.
 *
 * Order: calls about one room (or, without a room, one user) arrive in the order they were made, through one replica
 * at a time. Loss: a call whose connection was cut is made again elsewhere if its verb is idempotent, otherwise it
 * answers `unavailable`. Deadlines: `CALL_DEADLINE_MS`, and `UNREACHED_MS` while no replica is there.
 */
import type { CallContext, Contract, ServiceOf, Verbs } from '@parley/contracts'
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts'

export type RemoteCallerOptions = Omit<DispatcherOptions, 'contract'>

export interface RemoteCaller<C extends Contract> {
  readonly service: ServiceOf<C>
  /** A replica is connected. */
  readonly reachable: boolean
  close(): void
}

export function createRemoteCaller<V extends Verbs>(
  contract: Contract<V>,
  options: RemoteCallerOptions,
): RemoteCaller<Contract<V>> {
  const dispatcher = new Dispatcher({ ...options, contract: contract.name })
  const verbs = Object.entries(contract.verbs).map(([name, definition]) => {
    const what = { contract: contract.name, verb: name }
    const call = async (input: unknown, context?: CallContext): Promise<unknown> =>
      definition.output.parse(await dispatcher.call({ ...what, input }, definition.idempotent, context))
    return [name, call]
  })
  return {
    service: Object.fromEntries(verbs) as ServiceOf<Contract<V>>,
    get reachable() {
      return dispatcher.reachable
    },
    close: () => dispatcher.close(),
  }
}
