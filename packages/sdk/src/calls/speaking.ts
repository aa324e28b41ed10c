/** Who speaks, by how loud it is. */
import type { Clock } from '../clock.ts'

/** Of 1; quieter than speech into a microphone, louder than a room. */
const LOUD = 0.02
/** A breath between two words does not end it. */
const PAUSE_MS = 900

export class SpeakingMeter {
  readonly #clock: Clock
  #loudAt = Number.NEGATIVE_INFINITY
  #speaking = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get speaking(): boolean {
    return this.#speaking
  }

  /** A level of 0 to 1; whether that changed who speaks. */
  take(level: number): boolean {
    const now = this.#clock.now()
    if (level >= LOUD) this.#loudAt = now
    const speaking = now - this.#loudAt < PAUSE_MS
    const changed = speaking !== this.#speaking
    this.#speaking = speaking
    return changed
  }
}

/** The one for the stage: it stays until somebody else speaks while it is silent or gone. */
export function nextSpeaker(
  before: string | null,
  speaking: readonly string[],
  there: ReadonlySet<string>,
): string | null {
  const kept = before !== null && there.has(before) ? before : null
  if (kept !== null && speaking.includes(kept)) return kept
  return speaking[0] ?? kept
}
