/** Calls between services as steps of the recorded journeys they belong to; without a tracer nothing is put in between. */
import {
  type CallContext,
  type Contract,
  during,
  forEachService,
  gatewayContract,
  noTracer,
  type ServiceName,
  type ServiceOf,
  type Services,
  serviceContracts,
  type Tracer,
} from '@parley/contracts'
import type { RoleContext } from '../role.ts'
import type { RoleName } from '../role-names.ts'

type Called = Pick<RoleContext, 'services' | 'provide'>
type AnyService = Record<string, (input: unknown, context?: CallContext) => Promise<unknown>>

/** `here`: roles of this process. Services of others have a step on either side: between the two lies the network. */
export function withTraces(
  { services, provide }: Called,
  here: readonly RoleName[],
  tracer: Tracer,
): Called & Pick<RoleContext, 'tracer'> {
  if (tracer === noTracer) return { services, provide, tracer }
  return {
    tracer,
    services: forEachService((name) =>
      here.includes(name)
        ? services[name]
        : traceCalls<Contract>(serviceContracts[name], services[name], tracer, 'call '),
    ) as Services,
    provide(name, service) {
      const contract: Contract = name === 'gateway' ? gatewayContract : serviceContracts[name as ServiceName]
      provide(name, traceCalls(contract, service as ServiceOf<Contract>, tracer) as typeof service)
    },
  }
}

/** `prefix` before `rooms.sendMessage` in the step's name. */
export function traceCalls<C extends Contract>(
  { name: contract, verbs }: C,
  service: ServiceOf<C>,
  tracer: Tracer,
  prefix = '',
): ServiceOf<C> {
  const target = service as AnyService
  const traced = Object.keys(verbs).map((verb) => {
    const call = async (input: unknown, context?: CallContext): Promise<unknown> => {
      const span = tracer.step(`${prefix}${contract}.${verb}`, context?.trace)
      if (span === undefined || context === undefined) return target[verb]?.(input, context)
      return during(span, async () => target[verb]?.(input, { ...context, trace: span.trace }))
    }
    return [verb, call]
  })
  return Object.fromEntries(traced) as ServiceOf<C>
}
