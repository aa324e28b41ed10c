/** Who is in which call, who is rung, what browsers say to each other. */
import { randomBytes } from 'node:crypto'
import { createCallsService } from '@parley/services/calls/create-calls-service'
import { createIceServers } from '@parley/services/calls/ice-servers'
import { createMediaPlacement } from '@parley/services/calls/media/media-placement'
import { callsMigrations } from '@parley/services/calls/migrations'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 6

export const migrations: NonNullable<RoleModule['migrations']> = callsMigrations

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, clock, newId, log, services, calls } = context
  const servers = await calls.openMediaServers()
  const service = createCallsService({
    database: context.database('calls', connectionsMax),
    bus,
    clock,
    newId,
    newSecret: () => randomBytes(16).toString('hex'),
    log,
    rooms: services.rooms,
    placement: createMediaPlacement({ servers, clock, log }),
    iceServers: createIceServers({ ...calls, clock }),
  })
  context.provide('calls', service)
  service.start()
  return {
    async close() {
      await service.close()
      for (const server of servers) server.close()
    },
  }
}
