/** What the scheduler promises: jobs that run once, however many replicas there are. */
import type { RoleContext, RunningRole } from '../role.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  context.provide('scheduler', {})
  return { close: async () => {} }
}
