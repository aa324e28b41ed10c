/** `parley start`: the server, until it is told to stop. */
import type { Command } from 'commander'
import { settingNames } from '../settings/table.ts'
import { addSettings, settingsOf } from './options.ts'

export function addStartCommand(program: Command): void {
  const command = program
    .command('start')
    .summary('run the server')
    .description('Run the server until Ctrl-C or SIGTERM.')
  addSettings(command, settingNames).action(async () => {
    const { runServer } = await import('../run-server.ts')
    process.exitCode = await runServer(settingsOf(command))
  })
}
