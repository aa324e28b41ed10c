/** Accounts, passwords, tokens, permissions, devices. */
import { createAuthService } from '@parley/services/auth/create-auth-service'
import { authMigrations } from '@parley/services/auth/migrations'
import { observeBacklog } from '../observe-backlog.ts'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

/** Password hashing is bounded elsewhere; these are short statements. */
export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 6
/** The `iss` of tokens. A constant, because a token must survive a change of the address people type. */
export const TOKEN_ISSUER = 'parley'

export const migrations: NonNullable<RoleModule['migrations']> = {
  schema: 'auth',
  migrations: authMigrations,
}

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, rates, clock, newId, log, services, mail, queue } = context
  const service = createAuthService({
    database: context.database('auth', connectionsMax),
    bus,
    rates,
    clock,
    newId,
    log,
    issuer: TOKEN_ISSUER,
    mail: mail === undefined ? undefined : { publicUrl: mail.publicUrl, queue },
    announceUsers: async (users) => {
      await services.rooms.syncUsers({ users })
    },
  })
  await service.start()
  context.provide('auth', service)
  observeBacklog(context, 'auth', () => service.backlog())
  const code = await service.ensureSetupCode()
  if (code !== undefined) {
    context.tell(
      `Setup code (shown only this once; enter it in the client under Settings to become administrator): ${code}`,
    )
  }
  return { close: () => service.close() }
}
