import type { Page } from 'playwright-core'
import { poll, seen } from './calls-browser.ts'

/** Two people in browsers of their own who may call each other; what every arm measures with. */
export interface Duo {
  readonly id: string
  readonly label: string
  /** Whether its media go through TURN. */
  readonly relayed: boolean
  readonly caller: Page
  readonly callee: Page
  /** In pages that were just opened, a call that waits for an answer, the caller's camera on. */
  ring(): Promise<void>
  /** The click that is measured from. */
  answer(): Promise<void>
  /** Over on both sides. */
  end(): Promise<void>
  /** After a round that failed, wherever it was: as if there had been none. */
  renew(): Promise<void>
  close(): Promise<void>
}

const FIRST_FRAME_MAX_MS = 20_000

/** A call in which both see each other. */
export async function establish(duo: Duo): Promise<void> {
  await duo.ring()
  await duo.answer()
  await Promise.all([duo.caller, duo.callee].map(awaitFirstFrame))
}

export function awaitFirstFrame(page: Page) {
  return poll(
    'a first frame',
    FIRST_FRAME_MAX_MS,
    () => seen(page),
    ({ decodedAt, shownAt }) => decodedAt.length > 0 && shownAt.length > 0,
  )
}
