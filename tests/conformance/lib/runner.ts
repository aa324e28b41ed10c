import { type Context, openContext } from './context.ts'
import type { Agents } from './http.ts'
import { createPeople } from './people.ts'
import type { Options } from './target.ts'
import { createTrace, type Trace } from './trace.ts'

/**
 * `slow` cases mostly wait, so they start first and beside the others; `long` ones run with `--long` only; `alone`
 * ones measure time and run at the end, one by one.
 */
export type Pace = 'quick' | 'slow' | 'long' | 'alone'

export interface Case {
  readonly name: string
  /** The sentence of the contract that a failure breaks. */
  readonly sentence: string
  readonly pace: Pace
  readonly run: (t: Context) => Promise<void>
}

export interface Topic {
  readonly topic: string
  readonly cases: readonly Case[]
}

export function promise(
  name: string,
  sentence: string,
  run: (t: Context) => Promise<void>,
  pace: Pace = 'quick',
): Case {
  return { name, sentence, pace, run }
}

export interface Failure {
  readonly topic: string
  readonly broken: Case
  readonly reason: string
  readonly exchanges: string[]
}

export interface Result {
  readonly passed: number
  readonly failures: Failure[]
  /** Cases that need `--long`. */
  readonly leftForLong: number
  readonly seconds: number
}

export interface Report {
  passed(topic: string, one: Case, ms: number): void
  failed(failure: Failure, ms: number): void
}

/** Bounds of one case in milliseconds, waiting for rate limits not counted. */
const TIMEOUT_MS: Record<Pace, number> = { quick: 30_000, slow: 90_000, long: 240_000, alone: 30_000 }
const SHOWN_EXCHANGES = 12

type Job = { topic: string; one: Case }

export async function runAll(
  topics: readonly Topic[],
  options: Options,
  agents: Agents,
  report: Report,
): Promise<Result> {
  const startedAt = performance.now()
  const all = topics.flatMap(({ topic, cases }) => cases.map((one) => ({ topic, one })))
  const chosen = all.filter((job) => isChosen(job, options.only))
  const jobs = chosen.filter(({ one }) => options.includeLong || one.pace !== 'long')
  const shared = { target: options.target, agents, people: createPeople(), seed: options.seed }
  const failures: Failure[] = []
  let passed = 0

  async function run({ topic, one }: Job): Promise<void> {
    const trace = createTrace()
    const { context, close } = openContext(shared, trace)
    const begin = performance.now()
    let reason: string | undefined
    try {
      await withTimeout(one, context, trace)
    } catch (error) {
      reason = describe(error)
    }
    await close(reason === undefined)
    const ms = performance.now() - begin
    if (reason === undefined) {
      passed += 1
      report.passed(topic, one, ms)
    } else {
      const failure = { topic, broken: one, reason, exchanges: trace.last(SHOWN_EXCHANGES) }
      failures.push(failure)
      report.failed(failure, ms)
    }
  }

  const quick = jobs.filter(({ one }) => one.pace === 'quick')
  const waiting = jobs.filter(({ one }) => one.pace === 'slow' || one.pace === 'long')
  const worker = async () => {
    for (let job = quick.shift(); job !== undefined; job = quick.shift()) await run(job)
  }
  await Promise.all([...waiting.map(run), ...Array.from({ length: options.jobs }, worker)])
  for (const job of jobs.filter(({ one }) => one.pace === 'alone')) await run(job)
  const seconds = (performance.now() - startedAt) / 1_000
  return { passed, failures, leftForLong: chosen.length - jobs.length, seconds }
}

function isChosen({ topic, one }: Job, only: string | undefined): boolean {
  return only === undefined || `${topic} ${one.name} ${one.sentence}`.toLowerCase().includes(only)
}

async function withTimeout(one: Case, context: Context, trace: Trace): Promise<void> {
  const begin = Date.now()
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const spent = Date.now() - begin - trace.waitedMs()
      if (spent > TIMEOUT_MS[one.pace]) reject(new Error(`not finished within ${TIMEOUT_MS[one.pace]} ms`))
    }, 500)
  })
  try {
    await Promise.race([one.run(context), tooLong])
  } finally {
    clearInterval(timer)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'Broken') return error.message
  const where =
    error.stack
      ?.split('\n')
      .find((line) => line.includes('/cases/'))
      ?.trim() ?? ''
  return `${error.name}: ${error.message} ${where.replace(/\(?file:.*\/cases\//, 'cases/').replace(/\)$/, '')}`.trim()
}
