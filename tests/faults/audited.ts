/** One run of one fault: people talk, the fault comes and goes, everybody catches up, the data are compared. */
import { expect } from 'vitest'
import type { Crowd, Talk } from './crowd.ts'
import { createRandom, type Random } from './seeds.ts'

/** How long what must happen is waited for, on a machine that has other work too. */
export const PATIENCE = { timeout: 20_000 } as const

export interface FaultRun {
  readonly fault: string
  readonly seed: number
  readonly crowd: Crowd
  /** Brings the fault, and ends it. Recovery counts from then, or from the time (`performance.now()`) that it returns. */
  readonly inject: (talk: Talk, random: Random) => Promise<number | undefined> | Promise<void>
  /** Average pause between two messages of one author. */
  readonly everyMs?: number
  /** Numbers of the members who write only what the fault has them say. */
  readonly silent?: readonly number[]
  readonly topology?: string
  /** What else was measured, printed with the verdict; read once everybody has caught up. */
  readonly figures?: () => Readonly<Record<string, unknown>>
}

/** Asserts 0 lost, 0 doubled, 0 out of order, and prints the numbers. */
export async function runFault(run: FaultRun): Promise<void> {
  const { fault, seed, crowd, inject, everyMs, silent, topology = 'embedded' } = run
  const random = createRandom(seed)
  const before = disorders(crowd)
  const talk = await crowd.open()
  try {
    talk.begin(everyMs, silent)
    await talk.flow(random.between(4, 12))
    const begunAt = await inject(talk, random)
    const healedAt = begunAt ?? performance.now()
    await talk.shownToAll(talk.latest)
    const recoveryMs = Math.round(performance.now() - healedAt)
    await talk.flow(4)
    const verdict = await talk.audit()
    const { lost, duplicated } = verdict
    const outOfOrder = verdict.out_of_order + disorders(crowd) - before
    const numbers = { lost, duplicated, out_of_order: outOfOrder }
    const result = { acked: talk.acknowledged, ...numbers, recovery_ms: recoveryMs, ...run.figures?.() }
    console.log(JSON.stringify({ fault, topology, seed, ...result }))
    expect(talk.acknowledged).toBeGreaterThan(0)
    expect(numbers).toEqual({ lost: 0, duplicated: 0, out_of_order: 0 })
  } finally {
    talk.end()
  }
}

function disorders(crowd: Crowd): number {
  return crowd.members.reduce((sum, { ledger }) => sum + ledger.disorders, 0)
}
