/** What the notifications service promises: who is told what, when and how; the inbox. */
import type { RoleContext, RunningRole } from '../role.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  context.provide('notifications', {})
  return { close: async () => {} }
}
