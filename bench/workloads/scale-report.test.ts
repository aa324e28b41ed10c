import { expect, test } from 'vitest'
import type { Outcome } from '../lib/compare.ts'
import { spread } from '../lib/statistics.ts'
import type { BenchContext } from '../lib/workload.ts'
import { type LatencyOutcome, reportScale } from './scale-report.ts'

const context = { pinning: { cores: { server: 0, load: 1 }, description: '' } } as BenchContext

/** One round of ten seconds, with the given shares of a core. */
function saturated(id: string, messages: number, processes: Record<string, number[]>): Outcome {
  const deliveries = messages * 10
  const round = {
    seconds: 10,
    deliveries,
    messages,
    meanFrameBytes: 215,
    cpu: { load: 0.5, server: 0.8, database: 0.2 },
    processes,
    owed: { acked: messages, connections: 10, missing: 0, surplus: 0 },
    faults: [],
  }
  return {
    id,
    label: id,
    window: 1,
    senders: 1,
    rounds: [round],
    reasons: [],
    disturbance: 0,
    messagesPerSecond: spread([messages / 10]),
    deliveriesPerSecond: spread([deliveries / 10]),
  }
}

function single(id: string, ack: number, entry: number, later?: number): LatencyOutcome {
  const all = (ms: number) => ({ p50: ms, p95: ms * 2, p99: ms * 3 })
  const round = { messages: 100, ackMs: all(ack), entryMs: all(entry), faults: [] }
  return {
    id,
    label: id,
    rounds: [later === undefined ? round : { ...round, elsewhereLaterMs: all(later) }],
    reasons: [],
  }
}

const bus = [{ hops: 10, hopMs: { p50: 0.2, p95: 0.3, p99: 0.4 } }]
const embedded = saturated('embedded/rooms', 100_000, { parley: [0.5], postgres: [0.3, 0.2] })
const one = saturated('one-gateway/rooms', 50_000, {
  'parley ws': [0.5],
  'parley rooms': [0.2, 0.1],
  postgres: [0.2],
})
const two = saturated('two-gateways/rooms', 40_000, {
  'parley ws': [0.25, 0.25],
  'parley rooms': [0.3, 0.1],
  postgres: [0.1],
})
const latency = [
  single('embedded', 1, 1.1),
  single('one-gateway', 1.5, 1.8),
  single('two-gateways', 1.6, 2, 0.1),
]

interface Results {
  ratios: { what: string; messagesPerSecond: number; cpuPerDelivery: number; perGatewaySecond?: number }[]
  crossing: Record<string, unknown> & { cpuPerMessage: Record<string, number> }
}

test('says what distribution and a second gateway cost, from what was measured', () => {
  const { results, markdown } = reportScale(context, { latency, bus, saturated: [embedded, one, two] })
  const { ratios, crossing } = results as Results
  const ratio = (what: string) => ratios.find((one) => one.what === what)
  expect(ratio('one-gateway/rooms : embedded/rooms')).toMatchObject({
    messagesPerSecond: 0.5,
    cpuPerDelivery: 2,
  })
  const gateways = ratio('two-gateways/rooms : one-gateway/rooms')
  expect(gateways?.messagesPerSecond).toBeCloseTo(0.8)
  expect(gateways?.perGatewaySecond).toBeCloseTo(0.8)
  expect(crossing.callRoundTripMs).toBeCloseTo(0.5)
  expect(crossing.callAndBusMs).toBeCloseTo(0.7)
  expect(crossing.otherGatewayMs).toBeCloseTo(0.1)
  // A second of one core for 100,000 messages is 10 µs each; ten seconds were measured.
  expect(crossing.cpuPerMessage.rooms).toBeCloseTo(100)
  expect(markdown).toContain('the less busy one did 25 %')
})

test('an arm without a figure takes with it whatever is computed from it', () => {
  const refused = { ...one, reasons: ['round 1: 3 deliveries were missing'] }
  const silent = { ...single('embedded', 1, 1), rounds: [], reasons: ['round 1: nothing arrived'] }
  const { results, markdown } = reportScale(context, {
    latency: [silent, ...latency.slice(1)],
    bus,
    saturated: [embedded, refused, two],
  })
  const { ratios, crossing } = results as Results
  expect(ratios.map(({ what }) => what)).toEqual(['two-gateways/rooms : embedded/rooms'])
  expect(crossing).not.toHaveProperty('callRoundTripMs')
  expect(crossing.cpuPerMessage).toEqual({})
  expect(markdown).toContain('no figure: round 1: 3 deliveries were missing')
  expect(markdown).toContain('no figure: round 1: nothing arrived')
})
