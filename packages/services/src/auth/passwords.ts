/** Argon2id, a few at a time: each takes 19 MiB and a core, so a flood of sign-ins must queue, and be refused beyond that. */
import { hash, verify } from '@node-rs/argon2'
import { ParleyError } from '@parley/protocol'
import pLimit from 'p-limit'

export interface PasswordCost {
  readonly memoryKib: number
  readonly passes: number
}

/** OWASP's minimum for Argon2id at one lane. */
export const PASSWORD_COST: PasswordCost = { memoryKib: 19_456, passes: 2 }
/** Two of libuv's four threads: the rest stays free for files and name look-ups. */
const CONCURRENT_MAX = 2
/** 18 ms each, two at a time (measured on two cores): the last one waits for 2.3 s. */
const WAITING_MAX = 256
const RETRY_AFTER_MS = 2_000

export interface Passwords {
  /** Throws `overloaded` when too many wait. */
  hash(password: string): Promise<string>
  /** Without a stored hash it takes the same time and is false. Throws `overloaded` when too many wait. */
  verify(stored: string | undefined, password: string): Promise<boolean>
}

export function createPasswords(cost: PasswordCost = PASSWORD_COST): Passwords {
  const limit = pLimit(CONCURRENT_MAX)
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (limit.pendingCount >= WAITING_MAX)
      throw new ParleyError('overloaded', { retryAfterMs: RETRY_AFTER_MS })
    return limit(work)
  }
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: 1 }
  // Made once, before the first sign-in asks for it, so that an unknown name costs one verification, not two.
  const dummy = hash(crypto.randomUUID(), options)
  dummy.catch(() => {})
  return {
    hash: (password) => run(() => hash(fold(password), options)),
    verify: (stored, password) =>
      run(async () => {
        const right = await verify(stored ?? (await dummy), fold(password))
        return right && stored !== undefined
      }),
  }
}

/** The same password typed on another keyboard may arrive composed differently. */
function fold(password: string): string {
  return password.normalize('NFKC')
}
