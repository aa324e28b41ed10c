import { setTimeout as delay } from 'node:timers/promises'
import { makeBodies } from './bodies.ts'
import { DIALECTS, type DialectName, type Reading } from './dialects.ts'
import type { Connections } from './load.ts'
import type { RawSocket } from './raw-socket.ts'
import { median, percentile } from './statistics.ts'

/**
 * How long one message takes when there is no other: the next one is sent a random moment after everybody has the
 * last, so that neither waits behind the other nor falls into step with a timer of the server.
 */

const PAUSE_MIN_MS = 5
const PAUSE_SPREAD_MS = 10

export interface LatencySpec {
  dialect: DialectName
  /** The connection that sends; all others of its room receive. */
  sender: number
  /** Which connections sit on another gateway than the sender. */
  elsewhere: number[]
  bodyCharacters: number
  warmupSeconds: number
  measureSeconds: number
  /** A message that has not arrived everywhere after this long ends the run with a fault. */
  timeoutSeconds: number
  tag: string
}

interface Quantiles {
  p50: number
  p95: number
  p99: number
}

export interface LatencyResult {
  messages: number
  /** From writing to `ok`. */
  ackMs?: Quantiles
  /** From writing to a receiver's `entry`, over all messages and receivers. */
  entryMs?: Quantiles
  /** Of the same messages: what a receiver on another gateway waits longer than one on the sender's. Medians of a message's receivers. */
  elsewhereLaterMs?: Quantiles
  faults: string[]
}

interface Flight {
  sentAt: number
  ackMs?: number
  here: number[]
  elsewhere: number[]
}

export async function measureLatency(connections: Connections, spec: LatencySpec): Promise<LatencyResult> {
  const { sockets, losses } = connections
  const sender = sockets[spec.sender]
  if (sender === undefined) throw new RangeError(`there is no connection ${spec.sender} to send from`)
  const away = new Set(spec.elsewhere.map((index) => sockets[index]))
  const receivers = sockets.filter((socket) => socket !== sender && socket.room === sender.room)
  const faults: string[] = []
  const exchange = createExchange({ sender, receivers, away, spec, faults })
  const flights: Flight[] = []
  const startedAt = performance.now()
  const lossesBefore = losses.length
  while (faults.length === 0 && losses.length === lossesBefore) {
    const elapsed = (performance.now() - startedAt) / 1000
    if (elapsed > spec.warmupSeconds + spec.measureSeconds) break
    const flight = await exchange()
    if (flight !== undefined && elapsed > spec.warmupSeconds) flights.push(flight)
    await delay(PAUSE_MIN_MS + Math.random() * PAUSE_SPREAD_MS)
  }
  faults.push(...losses.slice(lossesBefore))
  if (flights.length === 0 && faults.length === 0) faults.push('no message was measured')
  return { ...summarise(flights), faults }
}

function summarise(flights: readonly Flight[]): Omit<LatencyResult, 'faults'> {
  const acks = flights.map(({ ackMs }) => ackMs).filter((ms) => ms !== undefined)
  const entries = flights.flatMap(({ here, elsewhere }) => [...here, ...elsewhere])
  const later = flights
    .filter(({ here, elsewhere }) => here.length > 0 && elsewhere.length > 0)
    .map(({ here, elsewhere }) => median(elsewhere) - median(here))
  return {
    messages: flights.length,
    ...(acks.length === 0 ? {} : { ackMs: quantiles(acks) }),
    ...(entries.length === 0 ? {} : { entryMs: quantiles(entries) }),
    ...(later.length === 0 ? {} : { elsewhereLaterMs: quantiles(later) }),
  }
}

function quantiles(values: readonly number[]): Quantiles {
  return { p50: percentile(values, 50), p95: percentile(values, 95), p99: percentile(values, 99) }
}

interface ExchangeParts {
  sender: RawSocket
  receivers: RawSocket[]
  away: Set<RawSocket | undefined>
  spec: LatencySpec
  faults: string[]
}

/** Sends one message and waits until everybody has it; undefined, with a fault noted, if that does not happen. */
function createExchange({ sender, receivers, away, spec, faults }: ExchangeParts) {
  const dialect = DIALECTS[spec.dialect]
  const bodies = makeBodies(spec.bodyCharacters)
  const lastSeqs = new Map<RawSocket, number>()
  let nextId = 1
  let flight: Flight | undefined
  let arrived = Promise.withResolvers<void>()

  const check = () => {
    if (flight?.ackMs === undefined || flight.here.length + flight.elsewhere.length < receivers.length) return
    arrived.resolve()
  }
  const fail = (fault: string) => {
    faults.push(fault)
    arrived.resolve()
  }
  sender.keepAllFrames(true)
  sender.onReading = (reading) => {
    if (reading.kind === 'refused') return fail(`a message was refused: ${reading.reason}`)
    if (reading.kind !== 'ack' || flight === undefined || reading.id !== nextId - 1) return
    flight.ackMs = performance.now() - flight.sentAt
    check()
  }
  const receive = (socket: RawSocket, reading: Reading) => {
    if (reading.kind !== 'entry') return
    const last = lastSeqs.get(socket)
    lastSeqs.set(socket, reading.seq)
    if (last !== undefined && reading.seq !== last + 1)
      return fail(`entry ${reading.seq} followed entry ${last}`)
    if (flight === undefined) return
    const times = away.has(socket) ? flight.elsewhere : flight.here
    times.push(performance.now() - flight.sentAt)
    check()
  }
  for (const socket of receivers) {
    socket.keepAllFrames(true)
    socket.onReading = (reading) => receive(socket, reading)
  }

  return async (): Promise<Flight | undefined> => {
    const id = nextId++
    arrived = Promise.withResolvers()
    const current: Flight = { sentAt: performance.now(), here: [], elsewhere: [] }
    flight = current
    const body = bodies[id % bodies.length] ?? ''
    sender.queueText(dialect.send(id, sender.room, `${spec.tag}-${id}`, body))
    sender.flush()
    const late = setTimeout(
      () => fail(`a message did not reach everybody within ${spec.timeoutSeconds} s`),
      spec.timeoutSeconds * 1000,
    )
    await arrived.promise
    clearTimeout(late)
    flight = undefined
    return faults.length === 0 ? current : undefined
  }
}
