/** `parley rotate-keys`: another key that signs access tokens, before its time or after a leak. */
import type { Command } from 'commander'
import { addSettings, settingsOf } from './options.ts'

export function addRotateKeysCommand(program: Command): void {
  const command = program
    .command('rotate-keys')
    .summary('sign access tokens with a new key')
    .description(
      'A new key signs in a minute, and tokens signed before stay good until they expire; every 30 days this happens by itself. Works beside running processes.',
    )
    .option(
      '--withdraw',
      'after a leak: the new key signs at once, and no token signed before is good any longer; restart the processes with the role auth right afterwards',
    )
  addSettings(command, ['data', 'databaseUrl', 'authDatabaseUrl']).action(async () => {
    const { createLog } = await import('../log/create-log.ts')
    const { withAccounts } = await import('../topology/with-accounts.ts')
    const log = createLog({ level: 'error', pretty: process.stderr.isTTY })
    const isWithdrawn = command.opts<{ withdraw?: boolean }>().withdraw === true
    await withAccounts(settingsOf(command), log, (accounts) =>
      isWithdrawn ? accounts.replaceKeys() : accounts.rotateKeys(),
    )
    console.log(
      isWithdrawn
        ? 'One new key signs now; all others are withdrawn. Restart the processes with the role auth.'
        : 'A new key signs in a minute; tokens signed before stay good.',
    )
  })
}
