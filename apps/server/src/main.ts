/** `parley …`: reads the command line and runs one command. */
import { Command, CommanderError } from 'commander'
import { addClusterCommand } from './commands/cluster.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addHoldCommand } from './commands/hold.ts'
import { addJobsCommand } from './commands/jobs.ts'
import { addMigrateCommand } from './commands/migrate.ts'
import { addQueueCommand } from './commands/queue.ts'
import { addResyncCommand } from './commands/resync.ts'
import { addRotateKeysCommand } from './commands/rotate-keys.ts'
import { addStartCommand } from './commands/start.ts'
import { addUserCommand } from './commands/user.ts'
import { plainSentence } from './plain-error.ts'
import { readVersion } from './version.ts'

const program = new Command('parley')
  .description('Self-hostable real-time chat.')
  .version(readVersion())
  .showSuggestionAfterError()
  .showHelpAfterError('(add --help for what there is)')
  .exitOverride()

// Whoever read along has gone (`| head`): what is left to say is said to nobody.
process.stdout.on('error', () => undefined)

addStartCommand(program)
addClusterCommand(program)
addMigrateCommand(program)
addDoctorCommand(program)
addUserCommand(program)
addResyncCommand(program)
addRotateKeysCommand(program)
addQueueCommand(program)
addJobsCommand(program)
addHoldCommand(program)
addDemoCommand(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // It has already said what is wrong.
    process.exitCode = error.exitCode
  } else {
    const sentence = plainSentence(error)
    process.stderr.write(`${sentence ?? (error instanceof Error ? error.stack : String(error))}\n`)
    process.exitCode = 1
  }
}
// Whatever still holds the loop open (an idle keep-alive connection, a timer of a library) has nothing left to do.
process.exit()
