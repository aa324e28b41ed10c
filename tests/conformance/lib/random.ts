import { randomBytes } from 'node:crypto'

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32): the fuzz cases can be run again with their seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `length` (at most 32) characters of `a-z 0-9`, different in every run: the target keeps what earlier runs left. */
export function unique(length = 10): string {
  return BigInt(`0x${randomBytes(24).toString('hex')}`)
    .toString(36)
    .padStart(33, '0')
    .slice(-length)
}

/** A fresh `client_id` of 20 characters. */
export function clientId(): string {
  return `c${unique(19)}`
}

/**
 * Ids that look like `id` but belong to nobody: the last four letters or digits are replaced by decimal digits,
 * which are valid in every usual alphabet of ids.
 */
export function foreignIds(id: string, count: number): string[] {
  const found: string[] = []
  for (let n = 0; found.length < count; n += 1) {
    const digits = String(n).padStart(4, '0')
    const candidate = id.slice(0, -4) + digits
    if (candidate !== id) found.push(candidate)
  }
  return found
}
