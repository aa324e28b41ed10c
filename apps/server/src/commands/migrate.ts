/** `parley migrate`: brings the database up to this version, without serving anybody. */
import type { Command } from 'commander'
import { schemaNames } from '../role.ts'
import { addSettings, settingsOf } from './options.ts'

export function addMigrateCommand(program: Command): void {
  const command = program
    .command('migrate')
    .summary('bring the database up to this version')
    .description(
      'Make or change the tables that this version needs, and end. "parley start" does the same by itself.',
    )
    .option(
      '--new-epoch',
      'after a restore, before the start: what clients know is compared anew, not taken up where they left off',
    )
  const databaseUrls = schemaNames.map((schema) => `${schema}DatabaseUrl` as const)
  const shown = ['data', 'databaseUrl', ...databaseUrls, 'log'] as const
  addSettings(command, shown).action(async () => {
    const { createLog } = await import('../log/create-log.ts')
    const { migrateSchemas } = await import('../topology/migrate-schemas.ts')
    const settings = settingsOf(command)
    const log = createLog({
      level: settings.log === 'info' ? 'warn' : settings.log,
      pretty: process.stderr.isTTY,
    })
    const newEpoch = command.opts<{ newEpoch?: boolean }>().newEpoch === true
    const migrated = await migrateSchemas(settings, log, newEpoch)
    console.log(migrated === 0 ? 'The database is up to date.' : `Applied ${migrated} migrations.`)
    if (newEpoch) console.log('It has a new epoch: every client gets the whole of its rooms again.')
  })
}
