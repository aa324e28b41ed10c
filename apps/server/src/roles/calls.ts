/** Who is in which call, who is rung, what browsers say to each other. */
import { createCallsService } from '@parley/services/calls/create-calls-service'
import { callsMigrations } from '@parley/services/calls/migrations'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 6

export const migrations: NonNullable<RoleModule['migrations']> = callsMigrations

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, clock, newId, log, services } = context
  const service = createCallsService({
    database: context.database('calls', connectionsMax),
    bus,
    clock,
    newId,
    log,
    rooms: services.rooms,
  })
  context.provide('calls', service)
  service.start()
  return { close: () => service.close() }
}
