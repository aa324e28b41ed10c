/** The audit of a fault: what was acknowledged is stored, seen by everybody, once and in order. */
import type { Entry } from '@parley/protocol'

export interface Verdict {
  readonly lost: number
  readonly duplicated: number
  readonly out_of_order: number
}

/** One member's screen (bodies, top to bottom) against what each author sent, in the order it was sent. Bodies are unique. */
export function auditScreen(seen: readonly string[], sent: readonly (readonly string[])[]): Verdict {
  const places = new Map<string, number>()
  for (const [place, body] of seen.entries()) if (!places.has(body)) places.set(body, place)
  return {
    lost: sent.flat().filter((body) => !places.has(body)).length,
    duplicated: seen.length - places.size,
    out_of_order: sent.filter((own) => descents(own.flatMap((body) => places.get(body) ?? [])) > 0).length,
  }
}

/** An acknowledgement that a client received. */
export interface Acknowledgement {
  readonly client_id: string
  readonly seq: number
}

/** The whole log of a room, as read from the server by somebody who took no part. */
export function auditLog(
  entries: readonly Entry[],
  acknowledged: readonly (Acknowledgement & { from: string })[],
): Verdict {
  const keys = new Map<string, number>()
  let duplicated = 0
  for (const entry of entries) {
    if (entry.client_id === undefined) continue
    const key = `${entry.from} ${entry.client_id}`
    if (keys.has(key)) duplicated++
    else keys.set(key, entry.seq)
  }
  return {
    lost: acknowledged.filter(({ from, client_id, seq }) => keys.get(`${from} ${client_id}`) !== seq).length,
    duplicated,
    out_of_order: entries.filter((entry, index) => entry.seq !== index + 1).length,
  }
}

/** How often a number is not greater than the one before it. */
export function descents(numbers: readonly number[]): number {
  return numbers.filter((value, index) => index > 0 && value <= (numbers[index - 1] ?? 0)).length
}

export function addVerdicts(verdicts: readonly Verdict[]): Verdict {
  const sum = (key: keyof Verdict) => verdicts.reduce((total, verdict) => total + verdict[key], 0)
  return { lost: sum('lost'), duplicated: sum('duplicated'), out_of_order: sum('out_of_order') }
}
