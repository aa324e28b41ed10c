import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { count, poll, timeline, watch } from './calls-browser.ts'
import { type Duo, establish } from './calls-duo.ts'
import { longestGap } from './calls-figures.ts'
import type { Host } from './calls-lab.ts'

/** What happens to the network of the one who answered. */
export interface Change {
  readonly id: string
  readonly label: string
  /** Resolves with the time from which on media could flow again, in milliseconds of the machine's clock. */
  happen(host: Host): Promise<number>
  /** As it was. */
  undo(host: Host): Promise<void>
}

/** Out of the house: the first network is gone, the second there, in the same moment. */
export const moved: Change = {
  id: 'moved',
  label: 'another network',
  async happen(host) {
    const at = Date.now()
    await host.down('lan')
    await host.up('air')
    return at
  },
  async undo(host) {
    await host.up('lan')
    await host.down('air')
  },
}

/** Nothing comes through in either direction for a while, and nobody is told. */
export const outage = (seconds: number): Change => ({
  id: 'outage',
  label: `nothing for ${seconds} s`,
  async happen(host) {
    await host.cut('lan')
    await delay(seconds * 1000)
    await host.mend('lan')
    return Date.now()
  },
  async undo() {},
})

const LOOK_MS = 50
const SETTLE_MS = 5_000
const RECOVERY_MAX_MS = 90_000
/** Frames after the change that mean that it flows again: a second and a half of the camera's. */
const FLOWING_FRAMES = 30

/** Between frames; less is a busy machine's, and no interruption. */
const GAP_MIN_MS = 400

/** Milliseconds until frames are decoded again: at the one whose network changed, and at the other one. */
export interface Recovery {
  readonly here: number
  readonly there: number
}

export async function measureRecovery(duo: Duo, host: Host, change: Change): Promise<Recovery> {
  await establish(duo)
  const pages = [duo.callee, duo.caller] as const
  await delay(SETTLE_MS)
  for (const page of pages) await watch(page, LOOK_MS)
  const begunAt = Date.now()
  try {
    const possibleAt = await change.happen(host)
    const back = (page: Page) => backAfter(page, begunAt, possibleAt)
    const [here, there] = await Promise.all([back(duo.callee), back(duo.caller)])
    await duo.end()
    return { here, there }
  } finally {
    await change.undo(host)
  }
}

async function backAfter(page: Page, begunAt: number, possibleAt: number): Promise<number> {
  const { framesDecoded: before = 0 } = await count(page)
  const flowing = await poll(
    'a picture after the network changed',
    RECOVERY_MAX_MS,
    () => count(page),
    ({ framesDecoded = 0 }) => framesDecoded - before >= FLOWING_FRAMES,
  )
  // What had arrived before is still decoded for a moment; then comes the gap.
  const looks = (await timeline(page)).filter(({ at }) => at <= flowing.at)
  const gap = longestGap(looks, begunAt)
  return gap.ms < GAP_MIN_MS ? 0 : Math.max(0, gap.endedAt - possibleAt)
}
