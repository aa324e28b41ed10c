import { setTimeout as delay } from 'node:timers/promises'
import { type Counts, timeline, watch } from './calls-browser.ts'
import { type Duo, establish } from './calls-duo.ts'
import { rate, settledAfter } from './calls-figures.ts'
import type { Host } from './calls-lab.ts'

/** How a call fits itself into a narrow uplink of the one who answered, and grows again. */

export interface LimitPlan {
  readonly kbits: number
  /** From the first frames to the limit: the estimate of the bandwidth grows slowly. */
  readonly settleSeconds: number
  readonly limitSeconds: number
  readonly afterSeconds: number
}

interface Phase {
  /** Of video payload that was sent; bits per second. */
  readonly sentBits: number
  /** Decoded at the other one. */
  readonly framesPerSecond: number
}

export interface Adaptation {
  readonly before: Phase
  /** In the second half of the limited time. */
  readonly during: Phase
  /** In the last quarter of the time after it. */
  readonly after: Phase
  /** From the limit until no more is sent than goes through. Null: not while it lasted. */
  readonly fitsMs: number | null
  /** From the end of the limit until 80 % of what was sent before is sent. Null: not while one looked. */
  readonly backMs: number | null
  /** At the other one, from the limit to the end. */
  readonly freezes: number
  readonly frozenSeconds: number
}

const LOOK_MS = 200
const WINDOW_MS = 1_000
const BACK_SHARE = 0.8
const BEFORE_MS = 5_000

export async function measureAdaptation(duo: Duo, host: Host, plan: LimitPlan): Promise<Adaptation> {
  await establish(duo)
  await delay(plan.settleSeconds * 1000 - BEFORE_MS)
  for (const page of [duo.callee, duo.caller]) await watch(page, LOOK_MS)
  await delay(BEFORE_MS)
  const from = Date.now()
  await host.limit('lan', plan.kbits)
  await delay(plan.limitSeconds * 1000)
  const to = Date.now()
  await host.limit('lan', undefined)
  await delay(plan.afterSeconds * 1000)
  const [sender, receiver] = await Promise.all([timeline(duo.callee), timeline(duo.caller)])
  await duo.end()
  return judge(sender, receiver, { from, to, end: Date.now(), kbits: plan.kbits })
}

interface Times {
  readonly from: number
  readonly to: number
  readonly end: number
  readonly kbits: number
}

function judge(sender: Counts[], receiver: Counts[], { from, to, end, kbits }: Times): Adaptation {
  const phase = (begin: number, over: number): Phase => ({
    sentBits: 8 * rate(sender, 'bytesSent', begin, over),
    framesPerSecond: rate(receiver, 'framesDecoded', begin, over),
  })
  const before = phase(from - BEFORE_MS, from)
  const span = { counter: 'bytesSent', windowMs: WINDOW_MS } as const
  const fits = settledAfter(sender, { ...span, from, to }, (bytes) => bytes * 8 <= kbits * 1000)
  const back = settledAfter(
    sender,
    { ...span, from: to, to: end },
    (bytes) => bytes * 8 >= before.sentBits * BACK_SHARE,
  )
  const grown = (counter: 'freezeCount' | 'totalFreezesDuration') =>
    (receiver.at(-1)?.[counter] ?? 0) - (receiver.findLast(({ at }) => at <= from)?.[counter] ?? 0)
  return {
    before,
    during: phase((from + to) / 2, to),
    after: phase(end - (end - to) / 4, end),
    fitsMs: fits ?? null,
    backMs: back ?? null,
    freezes: grown('freezeCount'),
    frozenSeconds: grown('totalFreezesDuration'),
  }
}
