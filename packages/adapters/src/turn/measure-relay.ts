/** What becomes of packets on their way through a TURN server: as many and as large as those of one picture in a call. */
import type { Clock } from '@parley/contracts'
import type { TurnAllocation } from './turn-client.ts'

export interface RelayFigures {
  readonly sent: number
  /** Those that came back. */
  readonly returned: number
  /** 0 to 1, of both ways together. */
  readonly loss: number
  /** Median there and back, through the server twice; undefined where nothing came back. */
  readonly roundTripMs: number | undefined
  /** Of the data that arrived on the other side, over the time in which they were sent. */
  readonly bitsPerSecond: number
}

export interface MeasureOptions {
  readonly clock: Pick<Clock, 'after'>
  readonly durationMs: number
  /** Milliseconds with fractions, from any beginning. */
  readonly stopwatch: () => number
}

const PACKET_BYTES = 1_100
const TICK_MS = 20
/** 1.3 Mbit/s: a picture of 720 lines. */
const PACKETS_A_TICK = 3
/** For the last ones to come back. */
const REST_MAX_MS = 1_000
const NUMBER_BYTES = 4

/**
 * Sends from one allocation to the other, which sends everything back. Both are let in at each other's server first.
 * Rejects with `StunTrouble` when they may not meet (403).
 */
export async function measureRelay(
  from: TurnAllocation,
  to: TurnAllocation,
  options: MeasureOptions,
): Promise<RelayFigures> {
  const { clock, durationMs, stopwatch } = options
  await Promise.all([from.permit(to.relayed.address), to.permit(from.relayed.address)])
  const sentAt: number[] = []
  const roundTrips = new Map<number, number>()
  let arrived = 0
  const everything = Promise.withResolvers<void>()
  let isSending = true

  to.onData((data, sender) => {
    arrived++
    to.send(sender, data)
  })
  from.onData((data) => {
    const at = data.length < NUMBER_BYTES ? undefined : sentAt[data.readUInt32BE(0)]
    if (at === undefined) return
    roundTrips.set(data.readUInt32BE(0), stopwatch() - at)
    if (!isSending && roundTrips.size === sentAt.length) everything.resolve()
  })

  const startedAt = stopwatch()
  for (let tick = 0; stopwatch() - startedAt < durationMs; tick++) {
    for (let count = 0; count < PACKETS_A_TICK; count++) {
      const data = Buffer.alloc(PACKET_BYTES)
      data.writeUInt32BE(sentAt.length)
      sentAt.push(stopwatch())
      from.send(to.relayed, data)
    }
    // By the beginning, so that a late tick does not make all that follow late.
    await pause(clock, Math.max(0, startedAt + (tick + 1) * TICK_MS - stopwatch()))
  }
  const sendingMs = stopwatch() - startedAt
  isSending = false
  if (roundTrips.size < sentAt.length) await Promise.race([everything.promise, pause(clock, REST_MAX_MS)])
  return {
    sent: sentAt.length,
    returned: roundTrips.size,
    loss: 1 - roundTrips.size / sentAt.length,
    roundTripMs: median([...roundTrips.values()]),
    bitsPerSecond: (arrived * PACKET_BYTES * 8 * 1_000) / sendingMs,
  }
}

function pause(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
