import { disturbanceNote, type Outcome } from '../lib/compare.ts'
import type { LatencyResult } from '../lib/latency.ts'
import { formatCount, formatPercent, formatRatio, markdownTable } from '../lib/report.ts'
import { median, type Spread, spread } from '../lib/statistics.ts'
import type { BenchContext, WorkloadReport } from '../lib/workload.ts'
import type { BusResult } from '../peers/bus.ts'

/** What `scale` says of what it measured: every ratio, difference and price is computed here. */

export interface LatencyOutcome {
  id: string
  label: string
  rounds: LatencyResult[]
  reasons: string[]
}

export interface ScaleFindings {
  latency: LatencyOutcome[]
  bus: BusResult[]
  saturated: Outcome[]
}

/** Whose processor time is told apart; anything else of a deployment is `other`. */
const PARTS: Record<string, string> = {
  parley: 'server',
  'parley ws': 'gateways',
  'parley rooms': 'rooms',
  postgres: 'database',
  'redis-server': 'bus',
  nginx: 'nginx',
  'beam.smp': 'queue',
}

/** Of one saturated arm. Processor time is in microseconds. */
interface Price {
  cpuPerMessage: number
  cpuPerDelivery: number
  /** Per message, by part. */
  parts: Record<string, number>
  /** Deliveries by the processor time of the gateways alone: what more of them would add to each other. */
  deliveriesPerGatewaySecond?: number
  /** What the less busy of the processes with rooms did of what all of them did. */
  lesserRoomsShare?: number
}

export function reportScale(context: BenchContext, findings: ScaleFindings): WorkloadReport {
  const { latency, bus, saturated } = findings
  const prices = new Map(saturated.map((outcome) => [outcome.id, priceOf(outcome)]))
  const ratios = ratiosOf(saturated, prices)
  const crossing = crossingOf(latency, bus, prices)
  const results = {
    ratios,
    crossing,
    prices: Object.fromEntries(prices),
    latency: latency.map((outcome) => ({ ...outcome, ...latencyFigures(outcome) })),
    bus,
    saturated,
  }
  const markdown = [
    latencyTable(latency),
    saturatedTable(saturated, prices),
    sentences(ratios, crossing, prices),
  ]
  const note = `Generator and servers have one core each${context.pinning.cores === undefined ? ', if the scheduler likes' : ''}: a second gateway shares the core of the first, so it cannot add speed here; what it adds where it has a core of its own shows in deliveries per second of gateway processor time.`
  return { results, markdown: `${[...markdown, note].join('\n\n')}${disturbanceNote(saturated)}` }
}

function priceOf({ rounds, reasons }: Outcome): Price | undefined {
  if (reasons.length > 0 || rounds.length === 0) return undefined
  const perRound = rounds.map(({ seconds, deliveries, messages = 0, processes = {} }) => {
    const microseconds: Record<string, number> = {}
    for (const [name, shares] of Object.entries(processes)) {
      const part = PARTS[name] ?? 'other'
      const share = shares.reduce((sum, one) => sum + one, 0)
      microseconds[part] = (microseconds[part] ?? 0) + share * seconds * 1e6
    }
    const rooms = processes['parley rooms']
    return {
      deliveries,
      messages,
      microseconds,
      all: Object.values(microseconds).reduce((sum, one) => sum + one, 0),
      lesser: rooms && (rooms[1] ?? 0) / rooms.reduce((sum, one) => sum + one, 0),
    }
  })
  const names = [...new Set(perRound.flatMap(({ microseconds }) => Object.keys(microseconds)))]
  const gateways = perRound.map((round) => round.deliveries / ((round.microseconds.gateways ?? 0) / 1e6))
  const lesser = perRound.map((round) => round.lesser).filter((share) => share !== undefined)
  return {
    cpuPerMessage: median(perRound.map(({ all, messages }) => all / messages)),
    cpuPerDelivery: median(perRound.map(({ all, deliveries }) => all / deliveries)),
    parts: Object.fromEntries(
      names.map((name) => [
        name,
        median(perRound.map((round) => (round.microseconds[name] ?? 0) / round.messages)),
      ]),
    ),
    ...(gateways.every(Number.isFinite) ? { deliveriesPerGatewaySecond: median(gateways) } : {}),
    ...(lesser.length === 0 ? {} : { lesserRoomsShare: median(lesser) }),
  }
}

/** Each the first named against the second, in one kind of traffic. */
interface Ratio {
  what: string
  messagesPerSecond: number
  cpuPerDelivery: number
  /** Deliveries by gateway processor time; 1 is linear. */
  perGatewaySecond?: number
}

const PAIRS: readonly [string, string][] = [
  ['one-gateway', 'embedded'],
  ['two-gateways', 'embedded'],
  ['two-gateways', 'one-gateway'],
  ['nginx', 'two-gateways'],
]

function ratiosOf(saturated: readonly Outcome[], prices: Map<string, Price | undefined>): Ratio[] {
  const rate = (id: string) => saturated.find((outcome) => outcome.id === id)?.messagesPerSecond?.median
  return ['hall', 'rooms'].flatMap((kind) =>
    PAIRS.flatMap(([first, second]) => {
      const [a, b] = [`${first}/${kind}`, `${second}/${kind}`]
      const [rateA, rateB, priceA, priceB] = [rate(a), rate(b), prices.get(a), prices.get(b)]
      if (rateA === undefined || rateB === undefined || priceA === undefined || priceB === undefined)
        return []
      const [gatewayA, gatewayB] = [priceA.deliveriesPerGatewaySecond, priceB.deliveriesPerGatewaySecond]
      return [
        {
          what: `${a} : ${b}`,
          messagesPerSecond: rateA / rateB,
          cpuPerDelivery: priceA.cpuPerDelivery / priceB.cpuPerDelivery,
          ...(gatewayA === undefined || gatewayB === undefined
            ? {}
            : { perGatewaySecond: gatewayA / gatewayB }),
        },
      ]
    }),
  )
}

interface LatencyFigures {
  ackMs: Record<'p50' | 'p95' | 'p99', Spread>
  entryMs: Record<'p50' | 'p95' | 'p99', Spread>
  elsewhereLaterMs?: Spread
}

/** Undefined if a round failed: half a figure is none. */
function latencyFigures({ rounds, reasons }: LatencyOutcome): LatencyFigures | undefined {
  if (reasons.length > 0 || rounds.length === 0) return undefined
  const of = (kind: 'ackMs' | 'entryMs', rank: 'p50' | 'p95' | 'p99') =>
    spread(rounds.map((round) => round[kind]?.[rank] ?? Number.NaN))
  const all = (kind: 'ackMs' | 'entryMs') => ({
    p50: of(kind, 'p50'),
    p95: of(kind, 'p95'),
    p99: of(kind, 'p99'),
  })
  const later = rounds.map((round) => round.elsewhereLaterMs?.p50).filter((ms) => ms !== undefined)
  return {
    ackMs: all('ackMs'),
    entryMs: all('entryMs'),
    ...(later.length === 0 ? {} : { elsewhereLaterMs: spread(later) }),
  }
}

/** What the way through several processes costs; each absent if an arm that it needs gave no figure. */
interface Crossing {
  /** Medians, distributed with one gateway less embedded: the call to the rooms service and back. */
  callRoundTripMs?: number
  /** The same for a receiver's entry: the call there and the bus back. */
  callAndBusMs?: number
  /** One message from one process to another over the bus alone. */
  bareHopMs?: Spread
  /** What a receiver on another gateway than the sender waits longer than one beside it. */
  otherGatewayMs?: number
  nginxMs?: number
  /** Microseconds of processor time, distributed with one gateway less embedded. */
  cpuPerMessage: Record<string, number>
  cpuPerDelivery: Record<string, number>
}

function crossingOf(
  latency: readonly LatencyOutcome[],
  bus: readonly BusResult[],
  prices: Map<string, Price | undefined>,
): Crossing {
  const of = (id: string) => {
    const outcome = latency.find((one) => one.id === id)
    return outcome && latencyFigures(outcome)
  }
  const [embedded, one, two, nginx] = [of('embedded'), of('one-gateway'), of('two-gateways'), of('nginx')]
  const crossing: Crossing = { cpuPerMessage: {}, cpuPerDelivery: {} }
  if (embedded !== undefined && one !== undefined) {
    crossing.callRoundTripMs = one.ackMs.p50.median - embedded.ackMs.p50.median
    crossing.callAndBusMs = one.entryMs.p50.median - embedded.entryMs.p50.median
  }
  if (bus.length > 0) crossing.bareHopMs = spread(bus.map(({ hopMs }) => hopMs.p50))
  if (two?.elsewhereLaterMs !== undefined) crossing.otherGatewayMs = two.elsewhereLaterMs.median
  if (nginx !== undefined && two !== undefined)
    crossing.nginxMs = nginx.entryMs.p50.median - two.entryMs.p50.median
  for (const kind of ['hall', 'rooms']) {
    const [from, to] = [prices.get(`embedded/${kind}`), prices.get(`one-gateway/${kind}`)]
    if (from === undefined || to === undefined) continue
    crossing.cpuPerMessage[kind] = to.cpuPerMessage - from.cpuPerMessage
    crossing.cpuPerDelivery[kind] = to.cpuPerDelivery - from.cpuPerDelivery
  }
  return crossing
}

function latencyTable(latency: readonly LatencyOutcome[]): string {
  const ms = ({ median: middle, min, max }: Spread) =>
    `${formatCount(middle)} (${formatCount(min)} – ${formatCount(max)})`
  const three = (figures: Record<'p50' | 'p95' | 'p99', Spread>) => [
    ms(figures.p50),
    formatCount(figures.p95.median),
    formatCount(figures.p99.median),
  ]
  const rows = latency.map((outcome) => {
    const figures = latencyFigures(outcome)
    if (figures === undefined)
      return [outcome.label, `no figure: ${outcome.reasons[0] ?? 'not run'}`, '', '', '', '', '']
    return [outcome.label, ...three(figures.ackMs), ...three(figures.entryMs)]
  })
  const right = (title: string) => ({ title, align: 'right' as const })
  return markdownTable({
    columns: [
      { title: 'one message at a time, ms', align: 'left' },
      right('send → ok p50'),
      right('p95'),
      right('p99'),
      right('send → entry p50'),
      right('p95'),
      right('p99'),
    ],
    rows,
  })
}

function saturatedTable(saturated: readonly Outcome[], prices: Map<string, Price | undefined>): string {
  const rows = saturated.map((outcome) => {
    const { messagesPerSecond, deliveriesPerSecond, rounds } = outcome
    const price = prices.get(outcome.id)
    if (messagesPerSecond === undefined || deliveriesPerSecond === undefined || price === undefined)
      return [outcome.label, `no figure: ${outcome.reasons[0] ?? 'not run'}`, '', '', '', '', '', '']
    const busy = Object.entries(price.parts)
      .sort(([, a], [, b]) => b - a)
      .filter(([, microseconds]) => microseconds / price.cpuPerMessage >= 0.02)
      .map(([part, microseconds]) => `${part} ${formatPercent(microseconds / price.cpuPerMessage)}`)
    return [
      outcome.label,
      formatCount(messagesPerSecond.median),
      `${formatCount(messagesPerSecond.min)} – ${formatCount(messagesPerSecond.max)}`,
      formatCount(deliveriesPerSecond.median),
      `${formatCount(price.cpuPerMessage)} µs`,
      `${formatCount(price.cpuPerDelivery)} µs`,
      busy.join(', '),
      formatPercent(median(rounds.map(({ cpu }) => cpu.load))),
    ]
  })
  const right = (title: string) => ({ title, align: 'right' as const })
  return markdownTable({
    columns: [
      { title: 'saturated', align: 'left' },
      right('messages/s'),
      right('min – max'),
      right('deliveries/s'),
      right('server CPU per message'),
      right('per delivery'),
      { title: 'of it', align: 'left' },
      right('load core'),
    ],
    rows,
  })
}

function sentences(
  ratios: readonly Ratio[],
  crossing: Crossing,
  prices: Map<string, Price | undefined>,
): string {
  const share = prices.get('two-gateways/rooms')?.lesserRoomsShare
  const sharing =
    share === undefined
      ? []
      : [`- Of two rooms processes the less busy one did ${formatPercent(share)} of the work of many rooms`]
  const lines = ratios.map(
    ({ what, messagesPerSecond, cpuPerDelivery, perGatewaySecond }) =>
      `- ${what}: ${formatRatio(messagesPerSecond)} the messages per second, ${formatRatio(cpuPerDelivery)} the processor time per delivery${perGatewaySecond === undefined ? '' : `, ${formatRatio(perGatewaySecond)} the deliveries per second of gateway processor time`}`,
  )
  const ms = (label: string, value: number | undefined) =>
    value === undefined ? [] : [`- ${label}: ${formatCount(value)} ms`]
  return [
    ...lines,
    ...ms(
      'Calling the rooms service and hearing its answer, over embedded (median)',
      crossing.callRoundTripMs,
    ),
    ...ms('Calling it, and the entry back over the bus, over embedded (median)', crossing.callAndBusMs),
    ...ms('The bus alone, one hop (median)', crossing.bareHopMs?.median),
    ...ms('A receiver on the other gateway, over one on the sender’s (median)', crossing.otherGatewayMs),
    ...ms('nginx in front, over two gateways without (median)', crossing.nginxMs),
    ...sharing,
    ...Object.entries(crossing.cpuPerMessage).map(
      ([kind, microseconds]) =>
        `- Processor time that distribution adds (${kind}): ${formatCount(microseconds)} µs a message, ${formatCount(crossing.cpuPerDelivery[kind] ?? 0)} µs a delivery`,
    ),
  ].join('\n')
}
