/**
 * What a link in a letter proves: that its bearer reads what is sent to an address. Made when the letter is written, so
 * that neither outbox nor queue ever holds one; only its hash is kept.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from '@parley/contracts'

export type TokenPurpose = 'verify' | 'reset'

const LIFETIME_MS: Readonly<Record<TokenPurpose, number>> = { verify: 86_400_000, reset: 3_600_000 }
const TOKEN_BYTES = 32
/** Letters written twice (the first was lost on the way) leave two; nobody needs more. */
const TOKENS_MAX = 5

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

export interface TokenSubject {
  readonly account: string
  readonly email: string
}

export async function makeToken(
  database: Queryable,
  nowMs: number,
  purpose: TokenPurpose,
  { account, email }: TokenSubject,
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  await database.query(
    `with surplus as (
       delete from auth.mail_token where hash in (
         select hash from auth.mail_token where account = $2 and purpose = $3
         order by expires_at desc offset ${TOKENS_MAX - 1}))
     insert into auth.mail_token (hash, account, purpose, email, expires_at) values ($1, $2, $3, $4, $5)`,
    [hashOf(token), account, purpose, email, nowMs + LIFETIME_MS[purpose]],
    'auth-make-mail-token',
  )
  return token
}

/** Whom a token is about, without using it up. */
export async function findToken(
  database: Queryable,
  nowMs: number,
  purpose: TokenPurpose,
  token: string,
): Promise<TokenSubject | undefined> {
  const { rows } = await database.query<TokenSubject>(
    'select account, email from auth.mail_token where hash = $1 and purpose = $2 and expires_at > $3',
    [hashOf(token), purpose, nowMs],
  )
  return rows[0]
}

/** Uses it up, and with it all others of the account for the same purpose. Of two at the same moment one gets it. */
export async function useToken(
  transaction: Queryable,
  nowMs: number,
  purpose: TokenPurpose,
  token: string,
): Promise<TokenSubject | undefined> {
  const { rows } = await transaction.query<TokenSubject>(
    `delete from auth.mail_token where hash = $1 and purpose = $2 and expires_at > $3 returning account, email`,
    [hashOf(token), purpose, nowMs],
  )
  if (rows[0] !== undefined) await dropTokens(transaction, rows[0].account, [purpose])
  return rows[0]
}

export async function dropTokens(
  transaction: Queryable,
  account: string,
  purposes: readonly TokenPurpose[],
): Promise<void> {
  await transaction.query('delete from auth.mail_token where account = $1 and purpose = any($2)', [
    account,
    purposes,
  ])
}
