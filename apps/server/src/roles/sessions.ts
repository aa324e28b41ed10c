/** Who is connected where, and presence. */
import { createSessionsService } from '@parley/services/sessions/create-sessions-service'
import type { RoleContext, RunningRole } from '../role.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  const service = createSessionsService({ bus: context.bus, clock: context.clock, log: context.log })
  service.start()
  context.provide('sessions', service)
  return { close: async () => service.close() }
}
