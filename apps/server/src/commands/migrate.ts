/** `parley migrate`: brings the database up to this version, without serving anybody. */
import type { Command } from 'commander'
import { addSettings, settingsOf } from './options.ts'

export function addMigrateCommand(program: Command): void {
  const command = program
    .command('migrate')
    .summary('bring the database up to this version')
    .description(
      'Make or change the tables that this version needs, and end. "parley start" does the same by itself.',
    )
  addSettings(command, ['data', 'databaseUrl', 'log']).action(async () => {
    const { createLog } = await import('../log/create-log.ts')
    const { withDatabase } = await import('../topology/with-database.ts')
    const settings = settingsOf(command)
    const log = createLog({
      level: settings.log === 'info' ? 'warn' : settings.log,
      pretty: process.stderr.isTTY,
    })
    await withDatabase(settings, log, async (_database, migrated) => {
      console.log(migrated === 0 ? 'The database is up to date.' : `Applied ${migrated} migrations.`)
    })
  })
}
