/** How well somebody is received, by what a peer connection counts. */
import type { Quality } from './call-types.ts'
import type { StatLike } from './media-port.ts'

const FAIR = { loss: 0.03, rttMs: 250 } as const
const POOR = { loss: 0.1, rttMs: 600 } as const
/** Fewer packets say nothing about loss. */
const PACKETS_MIN = 20

/** Counted since the connection began. */
export interface Counted {
  readonly received: number
  readonly lost: number
  /** Null: not measured yet. */
  readonly rttMs: number | null
}

/** Of these sections only, where they are given; a connection with an SFU carries many people. */
export function count(stats: readonly StatLike[], mids?: ReadonlySet<string>): Counted {
  let received = 0
  let lost = 0
  let rttMs: number | null = null
  for (const stat of stats) {
    if (stat.type === 'candidate-pair' && stat.nominated === true && stat.currentRoundTripTime !== undefined)
      rttMs = stat.currentRoundTripTime * 1_000
    if (stat.type !== 'inbound-rtp' || (mids !== undefined && !mids.has(stat.mid ?? ''))) continue
    received += stat.packetsReceived ?? 0
    lost += stat.packetsLost ?? 0
  }
  return { received, lost, rttMs }
}

/** `expected`: something should have come between the two. */
export function judge(before: Counted | null, now: Counted, expected: boolean): Quality {
  if (before === null) return 'unknown'
  const received = now.received - before.received
  // Counted down when what was lost arrives late.
  const lost = Math.max(0, now.lost - before.lost)
  if (received < 0) return 'unknown'
  if (expected && received === 0) return 'poor'
  const loss = received + lost < PACKETS_MIN ? 0 : lost / (received + lost)
  const rttMs = now.rttMs ?? 0
  if (loss > POOR.loss || rttMs > POOR.rttMs) return 'poor'
  return loss > FAIR.loss || rttMs > FAIR.rttMs ? 'fair' : 'good'
}
