/** Uploaded files: taking them, handing them out to who may see them, removing what nobody needs. */
import { createFilesService } from '@parley/services/files/create-files-service'
import { filesMigrations } from '@parley/services/files/migrations'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

/** A row a request; nothing is held while bytes move. */
export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 6

export const migrations: NonNullable<RoleModule['migrations']> = filesMigrations

export async function start(context: RoleContext): Promise<RunningRole> {
  const { clock, newId, log, services, fileLimits: limits } = context
  const store = await context.openFileStore()
  const service = createFilesService({
    database: context.database('files', connectionsMax),
    store,
    limits,
    clock,
    newId,
    log,
    auth: services.auth,
    rooms: services.rooms,
  })
  context.provide('files', service)
  context.provideFileDoor(service.door)
  return {
    // Not before the others answer: in one process they are not there yet while roles start.
    async listen() {
      service.start()
    },
    async close() {
      await service.close()
      store.close()
    },
  }
}
