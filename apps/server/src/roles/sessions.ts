/** Who is connected where, and presence. */
import { createSessionsService } from '@parley/services/sessions/create-sessions-service'
import type { RoleContext, RunningRole } from '../role.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, clock, log, sessionsStore: store } = context
  const service = createSessionsService({ bus, clock, log, store })
  service.start()
  context.provide('sessions', service)
  return { close: async () => service.close() }
}
