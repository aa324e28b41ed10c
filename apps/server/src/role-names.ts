/** Every role of a deployment, services before the gateways that call them. */
export const allRoles = [
  'auth',
  'sessions',
  'rooms',
  'notifications',
  'files',
  'scheduler',
  'calls',
  'ws',
  'http',
] as const
export type RoleName = (typeof allRoles)[number]

export function isRoleName(text: string): text is RoleName {
  return allRoles.some((role) => role === text)
}
