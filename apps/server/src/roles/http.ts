/** The REST door, the web client, the stand-by link. In a process that runs the delivery engine, sockets too. */
import { createHttpGateway } from '@parley/gateways/http/create-http-gateway'
import { explainListenError } from '../check-port.ts'
import type { RoleContext, RunningRole } from '../role.ts'

/** For clients to take the answers they asked for; who does not read must not hold up the end. */
const TAKE_ANSWERS_MS = 5_000

export function start(context: RoleContext): Promise<RunningRole> {
  return openHttpDoor(context, 'everything')
}

/** A gateway without the REST door still answers the stand-by link and says how it is. */
export async function openHttpDoor(
  context: RoleContext,
  serves: 'everything' | 'stand-by link',
): Promise<{ listen(): Promise<void>; close(): Promise<void> }> {
  const { log, newId, rates, metrics, services, door, tracer } = context
  const live = context.liveDoor()
  const app = await createHttpGateway({
    auth: services.auth,
    rooms: services.rooms,
    sessions: services.sessions,
    files: services.files,
    fileDoor: context.fileDoor,
    notifications: services.notifications,
    verifier: await context.verifier(),
    rates,
    log,
    origins: door.origins,
    secureCookies: door.secureCookies,
    webDirectory: serves === 'everything' ? door.webDirectory : null,
    serves,
    ready: door.ready,
    metrics,
    metricsToken: door.metricsToken,
    stream: live?.stream ?? null,
    newId,
    tracer,
    ...(door.trustProxy.length === 0 ? {} : { trustProxy: door.trustProxy.join(',') }),
  })
  if (live !== null) app.server.on('upgrade', live.upgrade)
  return {
    async listen() {
      try {
        await app.listen({ host: door.host, port: door.port })
      } catch (error) {
        throw await explainListenError(error, door)
      }
    },
    async close() {
      const giveUp = setTimeout(() => app.server.closeAllConnections(), TAKE_ANSWERS_MS)
      await app.close()
      clearTimeout(giveUp)
    },
  }
}
