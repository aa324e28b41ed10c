import type { Role } from '@parley/protocol'

/** The server's rules, so that nobody is offered what would be refused. */
const rank: Record<Role, number> = { owner: 3, admin: 2, member: 1, reader: 0 }
const roles: readonly Role[] = ['owner', 'admin', 'member', 'reader']

/** Owners give every role; administrators those below their own, to people below themselves. */
export function rolesToGive(own: Role | undefined, theirs: Role): readonly Role[] {
  if (theirs === 'owner') return []
  if (own === 'owner') return roles.filter((role) => role !== theirs)
  if (own !== 'admin' || rank[theirs] >= rank.admin) return []
  return roles.filter((role) => rank[role] < rank.admin && role !== theirs)
}

/** Who removes and bans: owners and administrators, people below themselves. */
export function sendsAway(own: Role | undefined, theirs: Role): boolean {
  return (own === 'owner' || own === 'admin') && rank[theirs] < rank[own]
}
