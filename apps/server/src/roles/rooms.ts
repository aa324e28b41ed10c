/** Rooms, members, the room log, search, cursors. */
import { createRoomsService } from '@parley/services/rooms/create-rooms-service'
import { roomsMigrations } from '@parley/services/rooms/migrations'
import { observeBacklog } from '../observe-backlog.ts'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

/** A batch lane holds one at a time; the rest reads. */
export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 20

export const migrations: NonNullable<RoleModule['migrations']> = roomsMigrations

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, queue, cache, clock, newId, log, services, tracer } = context
  const service = createRoomsService({
    database: context.database('rooms', connectionsMax),
    bus,
    queue,
    cache,
    clock,
    newId,
    log,
    tracer,
    ages: context.jobs,
    auth: services.auth,
    files: services.files,
  })
  context.provide('rooms', service)
  observeBacklog(context, 'rooms', () => service.backlog())
  await service.start()
  return { close: () => service.close() }
}
