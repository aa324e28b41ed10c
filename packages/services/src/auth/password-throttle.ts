/**
 * How often passwords may be tried, so that guessing is slow and nobody can be locked out by others.
 *
 * - An address against one account: 20 tries, then one every 30 s. Whoever guesses meets this first; the owner sits
 *   at another address and does not.
 * - An address against all accounts: 100 tries, then one a second, against lists of leaked passwords.
 * - An account from addresses it has not been used from lately: 30 tries, then one every 10 s pass at once and every
 *   other one takes two seconds longer. Never refused: a refusal here is exactly what would lock the owner out.
 *
 * The addresses an account was used from are remembered in memory only. A new process takes everybody for
 * unknown, and then the worst for the owner during an attack is two seconds.
 */
import type { Clock, RateLimiter, RateRule } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

export const PAIR_RULE: RateRule = { name: 'password-pair', burst: 20, perSecond: 1 / 30 }
export const ADDRESS_RULE: RateRule = { name: 'password-address', burst: 100, perSecond: 1 }
export const ACCOUNT_RULE: RateRule = { name: 'password-account', burst: 30, perSecond: 1 / 10 }
export const SLOW_DOWN_MS = 2_000
/** Tries that are being slowed down at one moment; each holds a request open. */
const SLOWED_MAX = 1_000
const KNOWN_PAIRS_MAX = 50_000

export interface PasswordThrottle {
  /**
   * Before a password is checked. `account` is its id, or what was typed when there is none: both are treated
   * alike, so that the throttle does not tell which names exist. Throws `rate_limited` or `overloaded`.
   */
  admit(account: string, address: string): Promise<void>
  /** The password was right: the address is the owner's. */
  succeeded(account: string, address: string): void
}

export function createPasswordThrottle(rates: RateLimiter, clock: Clock): PasswordThrottle {
  // A Map keeps the order of insertion: the first key is the one not used for longest.
  const known = new Map<string, true>()
  let slowed = 0

  async function slowDown(): Promise<void> {
    if (slowed >= SLOWED_MAX) throw new ParleyError('overloaded', { retryAfterMs: SLOW_DOWN_MS })
    slowed++
    await new Promise<void>((resolve) => clock.after(SLOW_DOWN_MS, resolve))
    slowed--
  }

  return {
    async admit(account, address) {
      const pair = `${account} ${address}`
      const retryAfterMs = (await rates.take(PAIR_RULE, pair)) || (await rates.take(ADDRESS_RULE, address))
      if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs })
      if (known.has(pair)) return
      if ((await rates.take(ACCOUNT_RULE, account)) > 0) await slowDown()
    },
    succeeded(account, address) {
      const pair = `${account} ${address}`
      known.delete(pair)
      known.set(pair, true)
      const [oldest] = known.keys()
      if (known.size > KNOWN_PAIRS_MAX && oldest !== undefined) known.delete(oldest)
    },
  }
}
