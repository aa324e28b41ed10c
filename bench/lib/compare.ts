import { setTimeout as delay } from 'node:timers/promises'
import type { DialectName } from './dialects.ts'
import type { ConnectSpec } from './load.ts'
import type { Load } from './load-client.ts'
import type { RunResult } from './measure.ts'
import { coreBusyMs } from './processes.ts'
import { formatCount, formatPercent } from './report.ts'
import { type Spread, spread } from './statistics.ts'
import type { BenchContext } from './workload.ts'

/** Runs several servers in turn under the same load, round after round, and says what each reached. */

/** Above this share of its core the generator may be the limit, unless the server's core is as busy. */
const GENERATOR_BUSY = 0.95
const SERVER_BUSY = 0.9
/** A round in which other programs took more than this share of the server's core is tried again. */
const DISTURBED = 0.08
const ATTEMPTS = 3
/** Before a round: both cores are to be this idle for this long, and are waited for no longer than that. */
const QUIET = 0.1
const QUIET_MS = 400
const QUIET_WAIT_MS = 15_000
const CONNECT_TIMEOUT_SECONDS = 60
const DRAIN_SECONDS = 20

export interface Subject {
  id: string
  label: string
  dialect: DialectName
  port: number
  pid: number
  senders: number[]
  window: number
  framesPerBatch?: number
  /** Records what each of its processes used, too. */
  byProcess?: boolean
  connections(): Promise<ConnectSpec['connections']> | ConnectSpec['connections']
  /** Called before a round; what it returns is called after it and gives the reasons why the round does not count. */
  audit?(): Promise<(result: RunResult) => Promise<string[]>>
}

export interface Plan {
  rounds: number
  warmupSeconds: number
  measureSeconds: number
  frameBytes: number
}

export interface Outcome {
  id: string
  label: string
  window: number
  senders: number
  rounds: RunResult[]
  deliveriesPerSecond?: Spread
  /** By the processor time that the server and its database really used: what other programs took is left out. */
  deliveriesPerCoreSecond?: Spread
  messagesPerSecond?: Spread
  /** The largest share that other programs took of a core which a counted round needed; 0 if it cannot be told. */
  disturbance: number
  /** Why there is no figure; empty if there is one. */
  reasons: string[]
}

export async function compare(
  context: BenchContext,
  load: Load,
  subjects: readonly Subject[],
  plan: Plan,
): Promise<Outcome[]> {
  // Two subjects may share a room: a repeated `client_id` would be answered with the first subject's message.
  const tag = Date.now().toString(36)
  const outcomes = subjects.map(({ id, label, window, senders }) => ({
    id,
    label,
    window,
    senders: senders.length,
    rounds: [] as RunResult[],
    reasons: [] as string[],
    disturbance: 0,
  }))
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      const outcome = outcomes[i] as (typeof outcomes)[number]
      const where = `round ${round} of ${plan.rounds}`
      try {
        context.progress(`${where}: ${subject.label}`)
        const result = await runUndisturbed(context, load, subject, plan, `${tag}-${i}-${round}`)
        outcome.rounds.push(result)
        outcome.disturbance = Math.max(outcome.disturbance, disturbance(result))
        outcome.reasons.push(...judge(result).map((reason) => `${where}: ${reason}`))
        context.log(`${where}  ${describeRound(subject, result)}`)
      } catch (error) {
        outcome.reasons.push(`${where}: ${error instanceof Error ? error.message : error}`)
        context.log(`${where}  ${subject.label}: ${outcome.reasons.at(-1)}`)
      }
    }
  }
  return outcomes.map((outcome) => ({ ...outcome, ...figures(outcome) }))
}

/** The first round that nobody disturbed or, after `ATTEMPTS`, the least disturbed. */
async function runUndisturbed(
  context: BenchContext,
  load: Load,
  subject: Subject,
  plan: Plan,
  tag: string,
): Promise<RunResult> {
  let best: RunResult | undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await awaitQuiet(context)
    const result = await runRound(context, load, subject, plan, `${tag}-${attempt}`)
    if (best === undefined || disturbance(result) < disturbance(best)) best = result
    if (disturbance(best) <= DISTURBED || result.faults.length > 0) break
    context.log(
      `  ${subject.label}: other programs took ${formatPercent(disturbance(result))} of a core; again`,
    )
  }
  return best as RunResult
}

/** Between rounds nothing of ours works, so a busy core is somebody else's. Starts anyway when the wait is over. */
export async function awaitQuiet({ pinning }: BenchContext): Promise<void> {
  const { cores } = pinning
  if (cores === undefined) return
  const busyMs = () => [cores.server, cores.load].map((core) => coreBusyMs(core) ?? 0)
  const deadline = performance.now() + QUIET_WAIT_MS
  while (performance.now() < deadline) {
    const before = busyMs()
    const from = performance.now()
    await delay(QUIET_MS)
    const ms = performance.now() - from
    if (busyMs().every((busy, i) => busy - (before[i] ?? 0) <= ms * QUIET)) return
  }
}

/** The share that other programs took of the server's core, or of the generator's where that was all in use. */
export function disturbance({ cpu }: RunResult): number {
  const ofServer = cpu.serverCore === undefined ? 0 : cpu.serverCore - cpu.server - cpu.database
  const ofLoad = cpu.loadCore === undefined || cpu.loadCore < GENERATOR_BUSY ? 0 : cpu.loadCore - cpu.load
  return Math.max(0, ofServer, ofLoad)
}

/** A sentence for under the table if other programs disturbed what it shows, or nothing. */
export function disturbanceNote(outcomes: readonly Outcome[]): string {
  const worst = Math.max(0, ...outcomes.map((outcome) => outcome.disturbance))
  if (worst <= DISTURBED) return ''
  return `\n\nOther programs took up to ${formatPercent(worst)} of a core that was needed: the figures per second are too low, and their ratios unsure.`
}

async function runRound(
  context: BenchContext,
  load: Load,
  subject: Subject,
  plan: Plan,
  tag: string,
): Promise<RunResult> {
  const { cores } = context.pinning
  const { dialect, port, pid, senders, window, framesPerBatch, byProcess } = subject
  const { warmupSeconds, measureSeconds, frameBytes } = plan
  const connections = await subject.connections()
  await load.connect({ dialect, port, connections, timeoutSeconds: CONNECT_TIMEOUT_SECONDS })
  try {
    const finish = await subject.audit?.()
    const result = await load.run({
      dialect,
      senders,
      window,
      frameBytes,
      ...(framesPerBatch === undefined ? {} : { framesPerBatch }),
      ...(byProcess === undefined ? {} : { byProcess }),
      warmupSeconds,
      measureSeconds,
      drainSeconds: DRAIN_SECONDS,
      tag,
      serverPid: pid,
      ...(cores === undefined ? {} : { cores }),
    })
    if (finish !== undefined) result.faults.push(...(await finish(result)))
    return result
  } finally {
    await load.close()
  }
}

/** Why a round gives no figure; empty if it gives one. */
export function judge({ faults, cpu }: RunResult): string[] {
  const reasons = [...faults]
  if (cpu.load >= GENERATOR_BUSY && cpu.server + cpu.database < SERVER_BUSY) {
    reasons.push(
      `the load generator was the limit (${formatPercent(cpu.load)} of its core, the server ${formatPercent(cpu.server + cpu.database)})`,
    )
  }
  return reasons
}

type Figures = Pick<Outcome, 'deliveriesPerSecond' | 'deliveriesPerCoreSecond' | 'messagesPerSecond'>

function figures(outcome: Outcome): Figures {
  if (outcome.reasons.length > 0 || outcome.rounds.length === 0) return {}
  const deliveriesPerSecond = spread(outcome.rounds.map((round) => round.deliveries / round.seconds))
  const messages = outcome.rounds.map((round) => round.messages).filter((count) => count !== undefined)
  const perCoreSecond = outcome.rounds.map(
    ({ deliveries, seconds, cpu }) => deliveries / seconds / (cpu.server + cpu.database),
  )
  const measured: Figures = {
    deliveriesPerSecond,
    ...(perCoreSecond.every(Number.isFinite) ? { deliveriesPerCoreSecond: spread(perCoreSecond) } : {}),
  }
  if (messages.length < outcome.rounds.length) return measured
  const messagesPerSecond = spread(messages.map((count, i) => count / (outcome.rounds[i]?.seconds ?? 1)))
  return { ...measured, messagesPerSecond }
}

function describeRound({ label }: Subject, result: RunResult): string {
  const { cpu, owed, ackMs } = result
  const parts = [
    `${label}: ${formatCount(result.deliveries / result.seconds)} deliveries/s`,
    result.messages === undefined ? '' : `${formatCount(result.messages / result.seconds)} messages/s`,
    ackMs === undefined ? '' : `ack p50 ${formatCount(ackMs.p50)} ms, p99 ${formatCount(ackMs.p99)} ms`,
    `${Math.round(result.meanFrameBytes)} B/frame`,
    `cpu server ${formatPercent(cpu.server)}, database ${formatPercent(cpu.database)}, load ${formatPercent(cpu.load)}`,
    owed.missing + owed.surplus > 0 ? `missing ${owed.missing}, surplus ${owed.surplus}` : '',
    ...result.faults.slice(0, 3),
  ]
  return parts.filter((part) => part !== '').join('; ')
}
