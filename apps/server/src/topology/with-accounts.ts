/** The accounts as the operator's commands reach them, beside a running server or without one. */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
import { createIds, type Database, type Log, silentLog, systemClock } from '@parley/contracts'
import { createAuthService, type LocalAuthService } from '@parley/services/auth/create-auth-service'
import { inspectDataDirectory } from '../data-directory.ts'
import { PlainError } from '../plain-error.ts'
import { TOKEN_ISSUER } from '../roles/auth.ts'
import type { Settings } from '../settings/table.ts'
import { databaseUrlOf } from './demand-distributed.ts'
import { withDatabase } from './with-database.ts'

/** Changes hold at once: a running server reads revocations twice a second and announces changed users within one. */
export async function withAccounts<Result>(
  settings: Settings,
  log: Log,
  work: (accounts: LocalAuthService) => Promise<Result>,
): Promise<Result> {
  // Making an empty database for somebody who forgot PARLEY_DATA would show them that all accounts are gone.
  const url = databaseUrlOf(settings, 'auth')
  if (url === undefined && (await inspectDataDirectory(settings.data)) === undefined) {
    throw new PlainError(
      `${settings.data} holds no data of Parley: start the server first, or say where its data are with PARLEY_DATA.`,
    )
  }
  const withService = async (database: Database): Promise<Result> => {
    const accounts = createAuthService({
      database,
      bus: createInProcessBus(),
      rates: createMemoryRateLimiter(systemClock),
      clock: systemClock,
      newId: createIds(),
      // What follows is expected here, and no news for the operator.
      log: silentLog,
      issuer: TOKEN_ISSUER,
      // Left in the outbox: the server that runs, or the next one, tells the other services.
      announceUsers: () => Promise.reject(new Error('announced by the server')),
    })
    try {
      return await work(accounts)
    } finally {
      await accounts.close()
    }
  }
  return withDatabase(settings, log, withService, 'auth')
}
