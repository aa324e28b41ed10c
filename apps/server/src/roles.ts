/** Every role, loaded only when this process runs it. */
import type { RoleModule } from './role.ts'
import type { RoleName } from './role-names.ts'

const roleTable: Record<RoleName, () => Promise<RoleModule>> = {
  auth: () => import('./roles/auth.ts'),
  sessions: () => import('./roles/sessions.ts'),
  rooms: () => import('./roles/rooms.ts'),
  notifications: () => import('./roles/notifications.ts'),
  files: () => import('./roles/files.ts'),
  scheduler: () => import('./roles/scheduler.ts'),
  calls: () => import('./roles/calls.ts'),
  ws: () => import('./roles/ws.ts'),
  http: () => import('./roles/http.ts'),
}

/** The modules of these roles, in the order in which they start. */
export async function loadRoles(names: readonly RoleName[]): Promise<{ name: RoleName; role: RoleModule }[]> {
  const order = Object.keys(roleTable) as RoleName[]
  const wanted = order.filter((name) => names.includes(name))
  return Promise.all(wanted.map(async (name) => ({ name, role: await roleTable[name]() })))
}
