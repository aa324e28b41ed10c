/** Asks again while the answer is that it is not possible now. */
import { ParleyError } from '@parley/protocol'
import type { Clock } from '../clock.ts'

const FIRST_MS = 500
const LAST_MS = 4_000

/** Null when it is not `wanted` any more. Rejects with what no repetition changes. */
export async function insist<Answer>(
  clock: Clock,
  wanted: () => boolean,
  ask: () => Promise<Answer>,
): Promise<Answer | null> {
  for (let pauseMs = FIRST_MS; wanted(); pauseMs = Math.min(2 * pauseMs, LAST_MS)) {
    try {
      const answer = await ask()
      return wanted() ? answer : null
    } catch (error) {
      if (!wanted()) return null
      if (!(error instanceof ParleyError && error.retryable)) throw error
      await new Promise<void>((resolve) => clock.after(Math.max(pauseMs, error.retryAfterMs ?? 0), resolve))
    }
  }
  return null
}
