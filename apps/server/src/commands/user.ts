/** `parley user …`: accounts from the operator's command line, whether the server runs or not. */
import { randomBytes } from 'node:crypto'
import type { UserRecord } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { LocalAuthService } from '@parley/services/auth/create-auth-service'
import type { Command } from 'commander'
import { PlainError } from '../plain-error.ts'
import { addSettings, settingsOf } from './options.ts'

const PAGE = 500
const PASSWORD_BYTES = 12

type Accounts = LocalAuthService

export function addUserCommand(program: Command): void {
  const user = program
    .command('user')
    .summary('list accounts, make administrators, lock people out')
    .description('Look after accounts. Works beside a running server and without one.')

  addAccountCommand(user, 'list', 'list all accounts', async (accounts) => {
    const users = await allUsers(accounts)
    printTable(users.map(rowOf))
  })
  addAccountCommand(
    user,
    'promote <username>',
    'make somebody an administrator',
    async (accounts, username) => {
      await accounts.promote({ username }).catch(explainMissing(username))
      console.log(`${username} is an administrator now.`)
    },
  )
  addAccountCommand(
    user,
    'disable <username>',
    'sign somebody out everywhere and keep them out',
    async (accounts, username) => {
      await setDisabled(accounts, username, true)
      console.log(`${username} is signed out and cannot sign in any more.`)
    },
  )
  addAccountCommand(user, 'enable <username>', 'let somebody in again', async (accounts, username) => {
    await setDisabled(accounts, username, false)
    console.log(`${username} can sign in again.`)
  })
  addAccountCommand(
    user,
    'reset-password <username>',
    'give somebody who forgot it a new password, and sign them out everywhere',
    async (accounts, username) => {
      // Made here and not given as an argument, which the shell would remember.
      const password = randomBytes(PASSWORD_BYTES).toString('base64url')
      await accounts.resetPassword({ username, password }).catch(explainMissing(username))
      console.log(`The password of ${username} is now  ${password}  and should be changed after signing in.`)
    },
  )
}

function addAccountCommand(
  user: Command,
  usage: string,
  summary: string,
  work: (accounts: Accounts, username: string) => Promise<void>,
): void {
  const command = user.command(usage).description(summary)
  addSettings(command, ['data', 'databaseUrl']).action(async (...given: unknown[]) => {
    const username = typeof given[0] === 'string' ? given[0].toLowerCase() : ''
    const { createLog } = await import('../log/create-log.ts')
    const { withAccounts } = await import('../topology/with-accounts.ts')
    const log = createLog({ level: 'error', pretty: process.stderr.isTTY })
    await withAccounts(settingsOf(command), log, (accounts) => work(accounts, username))
  })
}

/** The service lets administrators do this; the operator acts in the name of one. */
async function setDisabled(accounts: Accounts, username: string, disabled: boolean): Promise<void> {
  const users = await allUsers(accounts)
  const subject = users.find((candidate) => candidate.username === username)
  if (subject === undefined) throw missing(username)
  const actor = users.find(
    (candidate) => candidate.admin && !candidate.disabled && candidate.id !== subject.id,
  )
  if (actor === undefined) {
    throw new PlainError(
      'There is no other administrator to do this: make one first with "parley user promote NAME".',
    )
  }
  await accounts.setDisabled({ actor: actor.id, user: subject.id, disabled })
}

async function allUsers(accounts: Accounts): Promise<UserRecord[]> {
  const users: UserRecord[] = []
  for (;;) {
    const last = users.at(-1)
    const page = await accounts.userRecords({
      limit: PAGE,
      ...(last === undefined ? {} : { after: last.id }),
    })
    if (page.users.length === 0) return users
    users.push(...page.users)
  }
}

function rowOf(user: UserRecord): readonly string[] {
  const is = [user.admin ? 'administrator' : '', user.disabled ? 'disabled' : '']
  return [user.username, user.display_name, is.filter((word) => word !== '').join(', ')]
}

function printTable(rows: readonly (readonly string[])[]): void {
  const table = [['USER NAME', 'NAME', 'IS'], ...rows]
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

function explainMissing(username: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof ParleyError && error.code === 'not_found' ? missing(username) : error
  }
}

function missing(username: string): PlainError {
  return new PlainError(`There is no account with the user name ${username}; "parley user list" shows all.`)
}
