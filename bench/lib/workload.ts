import type { Pinning } from './pinning.ts'

/** What a workload gets and gives. */

export interface BenchContext {
  pinning: Pinning
  /** From the command line, falling back to the workload's own defaults. */
  options: Readonly<Record<string, number>>
  /** Subjects to run, empty for all: `--only parley,ws`. */
  only: readonly string[]
  log(line: string): void
  /** Overwrites the last such line on a terminal; silent elsewhere. */
  progress(line: string): void
  /** Registers what has to be stopped at the end, in reverse order, however the end comes. */
  own(stop: () => Promise<void>): void
}

export interface WorkloadReport {
  /** Goes into `bench/results/<workload>.json`, beside machine, versions and commit. */
  results: object
  /** For the terminal and the README. */
  markdown: string
}

export interface Workload {
  title: string
  /** Numeric options with their defaults; anything else on the command line is refused. */
  defaults: Record<string, number>
  /** False where nothing is pinned, because the whole machine is what is measured. */
  pinned: boolean
  /** Packages whose versions belong in the results. */
  packages: string[]
  run(context: BenchContext): Promise<WorkloadReport>
}

/** An option of a workload; it is in the workload's defaults, so it is always there. */
export function option(context: BenchContext, name: string): number {
  const value = context.options[name]
  if (value === undefined) throw new Error(`the workload has no option ${name}`)
  return value
}
