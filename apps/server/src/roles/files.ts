/** What the files service promises: uploads, thumbnails, and who may see them. */
import type { RoleContext, RunningRole } from '../role.ts'

export async function start(context: RoleContext): Promise<RunningRole> {
  context.provide('files', {})
  return { close: async () => {} }
}
