/** Sockets and the stand-by link: frames in, frames out. */
import { createWsGateway } from '@parley/gateways/ws/create-ws-gateway'
import type { RoleContext, RunningRole } from '../role.ts'
import { openHttpDoor } from './http.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, rates, clock, log, newId, metrics, services, door, selfUrl, gatewayAt, tracer } = context
  const gateway = createWsGateway({
    auth: services.auth,
    rooms: services.rooms,
    sessions: services.sessions,
    notifications: services.notifications,
    calls: services.calls,
    bus,
    verifier: await context.verifier(),
    rates,
    origins: door.origins,
    clock,
    log,
    newId,
    metrics,
    tracer,
    ...(selfUrl === undefined ? {} : { peers: { selfUrl, gatewayAt } }),
  })
  context.openLiveDoor({
    upgrade: (request, socket, head) => gateway.handleUpgrade(request, socket, head),
    stream: gateway.stream,
  })
  context.provide('gateway', gateway.peer)
  const own = context.roles.includes('http') ? undefined : await openHttpDoor(context, 'stand-by link')
  return {
    ...(own === undefined ? {} : { listen: () => own.listen() }),
    drain: (withinMs) => gateway.drain(withinMs),
    async close() {
      await gateway.close()
      await own?.close()
    },
  }
}
