/** Candidates as browsers give them, as far as Janus is to see them. */
import { z } from 'zod'

const candidate = z.object({
  candidate: z.string().max(1_000),
  sdpMid: z.string().max(16).nullish(),
  sdpMLineIndex: z.int().min(0).max(1_000).nullish(),
})

type Trickled = { candidate: string; sdpMid?: string; sdpMLineIndex: number } | { completed: true }

/** What is none is left out. Null and the empty candidate end the list. */
export function toCandidates(list: readonly unknown[]): Trickled[] {
  return list.flatMap((one): Trickled[] => {
    if (one === null) return [{ completed: true }]
    const parsed = candidate.safeParse(one)
    if (!parsed.success) return []
    const { candidate: text, sdpMid, sdpMLineIndex } = parsed.data
    if (text === '') return [{ completed: true }]
    return [
      {
        candidate: text,
        ...(sdpMid === null || sdpMid === undefined ? {} : { sdpMid }),
        sdpMLineIndex: sdpMLineIndex ?? 0,
      },
    ]
  })
}
