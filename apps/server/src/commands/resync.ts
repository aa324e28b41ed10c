/** `parley resync`: compares the rooms service's copy of users and permissions with auth's, and repairs it. */
import type { Command } from 'commander'
import { addSettings, settingsOf } from './options.ts'

export function addResyncCommand(program: Command): void {
  const command = program
    .command('resync')
    .summary('compare the copies of users between services, and repair them')
    .description(
      'Each service keeps its own copy of what it needs of users. Events keep it equal; this proves it, user by user, and repairs what differs. Works beside a running server.',
    )
    .option('--check', 'change nothing; the exit code is 1 when something differs')
  addSettings(command, ['data', 'databaseUrl', 'authDatabaseUrl', 'roomsDatabaseUrl', 'log']).action(
    async () => {
      const { createLog } = await import('../log/create-log.ts')
      const { compareUsers } = await import('../topology/compare-users.ts')
      const settings = settingsOf(command)
      const log = createLog({
        level: settings.log === 'info' ? 'warn' : settings.log,
        pretty: process.stderr.isTTY,
      })
      const isCheck = command.opts<{ check?: boolean }>().check === true
      const before = await compareUsers(settings, log, !isCheck)
      const { inAuth, inRooms, different, unknown } = before
      console.log(
        `Users: ${inAuth} in auth, ${inRooms} in the copy of rooms; ${different} missing or different, ${unknown} unknown to auth.`,
      )
      const after = different === 0 || isCheck ? before : await compareUsers(settings, log, false)
      const equal = after.digests.auth === after.digests.rooms
      if (equal && different > 0) console.log(`Repaired ${different}.`)
      console.log(
        equal
          ? `Both are equal (SHA-256 ${after.digests.auth}).`
          : isCheck
            ? 'They are not equal: run "parley resync" without --check to repair the copy.'
            : 'They are not equal: users changed meanwhile, or the copy knows users that auth does not. Run it again.',
      )
      if (!equal) process.exitCode = 1
    },
  )
}
