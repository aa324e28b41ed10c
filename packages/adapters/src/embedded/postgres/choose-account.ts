import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PostgresStartFailed } from './errors.ts'

/** Whom PostgreSQL runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** `nobody` last: other programs may share it, and what shares a uid can read the data. */
const PREFERRED = ['parley', 'postgres', '_postgres', 'nobody']
const MAX_UID = 2 ** 31 - 1

/**
 * The account to change to, or undefined to stay who we are.
 *
 * PostgreSQL refuses to run as root. A cluster that exists keeps its owner, so that data made by an ordinary
 * user still starts under `sudo`, and the reverse of a later-installed `postgres` account changes nothing.
 * A new cluster needs an account with a passwd entry, because initdb looks its own name up; the server does
 * not (tried with a uid that has none).
 */
export async function chooseAccount(dataDirectory: string): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined
  const cluster = await stat(join(dataDirectory, 'PG_VERSION')).catch(() => undefined)
  if (cluster !== undefined && cluster.uid !== 0) return { uid: cluster.uid, gid: cluster.gid }
  const accounts = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''))
  for (const name of PREFERRED) {
    const account = accounts.get(name)
    if (account !== undefined) return account
  }
  const [any] = accounts.values()
  if (any !== undefined) return any
  throw new PostgresStartFailed(
    'PostgreSQL refuses to run as root, and /etc/passwd has no other account to run it as. Add one (useradd --system parley), or start Parley as an ordinary user.',
  )
}

/** Ordinary accounts by name, in the order of the file; root's and malformed ones are left out. */
export function parsePasswd(text: string): Map<string, Account> {
  const accounts = new Map<string, Account>()
  for (const line of text.split('\n')) {
    const [name, , uidText, gidText] = line.split(':')
    const [uid, gid] = [Number(uidText), Number(gidText)]
    // macOS writes nobody as -2, which no system call takes back.
    const usable = Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 && gid >= 0 && uid <= MAX_UID
    if (name !== undefined && name !== '' && uidText !== '' && gidText !== '' && usable) {
      accounts.set(name, { uid, gid })
    }
  }
  return accounts
}
