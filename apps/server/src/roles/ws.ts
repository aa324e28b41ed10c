/** Sockets: frames in, frames out. */
import { createWsGateway } from '@parley/gateways/ws/create-ws-gateway'
import type { RoleContext, RunningRole } from '../role.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, rates, clock, log, newId, metrics, services, door } = context
  const gateway = createWsGateway({
    auth: services.auth,
    rooms: services.rooms,
    sessions: services.sessions,
    bus,
    verifier: await context.verifier(),
    rates,
    origins: door.origins,
    clock,
    log,
    newId,
    metrics,
  })
  context.openLiveDoor({
    upgrade: (request, socket, head) => gateway.handleUpgrade(request, socket, head),
    stream: gateway.stream,
  })
  return {
    drain: (withinMs) => gateway.drain(withinMs),
    close: () => gateway.close(),
  }
}
