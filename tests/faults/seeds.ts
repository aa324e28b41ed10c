/** Which runs of a fault there are, and the randomness of each. A failing seed is run again with `PARLEY_FAULT_SEED`. */

const BASE = Number(process.env.PARLEY_FAULT_SEED ?? 1)
const RUNS = Number(process.env.PARLEY_FAULT_RUNS ?? 1)

/** As many as `PARLEY_FAULT_RUNS` asks for (1), counted from `PARLEY_FAULT_SEED` (1). */
export const seeds: readonly number[] = Array.from({ length: RUNS }, (_, run) => BASE + run)

export interface Random {
  /** Uniform in [0, 1). */
  (): number
  /** A whole number in [from, to]. */
  between(from: number, to: number): number
}

/** mulberry32: small, and equal on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return Object.assign(next, {
    between: (from: number, to: number) => from + Math.floor(next() * (to - from + 1)),
  })
}
