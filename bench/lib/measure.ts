import { setTimeout as delay } from 'node:timers/promises'
import { makeBodies } from './bodies.ts'
import { DIALECTS, type DialectName } from './dialects.ts'
import type { Connections } from './load.ts'
import { coreBusyMs, cpuByProcess, treeCpu } from './processes.ts'
import type { RawSocket } from './raw-socket.ts'
import { createTally, Sender, type SendTally } from './senders.ts'
import { percentile } from './statistics.ts'

/** One measured run of traffic over open connections, inside a load process. */

const POLL_MS = 20
const PROBE_BODY_CHARACTERS = 100

export interface RunSpec {
  dialect: DialectName
  /** Which connections send, by index. The raw ceiling needs exactly one, its pacer. */
  senders: number[]
  /** Messages outstanding per sender; for the raw ceiling batches written ahead of the pacer. */
  window: number
  /** How large an `entry` frame is to be on the wire, header included. */
  frameBytes: number
  /** Frames in one write of the raw ceiling. */
  framesPerBatch?: number
  warmupSeconds: number
  measureSeconds: number
  drainSeconds: number
  tag: string
  serverPid: number
  /** Records, too, what each process of the server used. */
  byProcess?: boolean
  /** Set when pinned: the cores whose load by anybody is recorded beside ours. */
  cores?: { server: number; load: number }
}

export interface RunResult {
  seconds: number
  deliveries: number
  /** Acknowledged within the window; absent for the raw ceiling. */
  messages?: number
  meanFrameBytes: number
  ackMs?: { p50: number; p99: number }
  /** Shares of one core over the window. `*Core` is what everybody used of that core. */
  cpu: { load: number; server: number; database: number; serverCore?: number; loadCore?: number }
  /** Shares of one core by the name of the process, of its replicas in descending order; only with `byProcess`. */
  processes?: Record<string, number[]>
  /** From the first message to the last, warm-up and drain included: what each connection was owed and got. */
  owed: { acked: number; connections: number; missing: number; surplus: number }
  /** Reasons why this run gives no figure; empty if it does. */
  faults: string[]
}

interface Traffic {
  delivered(socket: RawSocket): number
  /** What `socket` should have been delivered by now, if everything has arrived. */
  owed(socket: RawSocket): number
  idle(): boolean
  start(): void
  stop(): void
  tally: SendTally
}

interface Sample {
  at: number
  deliveries: number
  bytes: number
  acked: number
  loadMs: number
  serverMs: number
  databaseMs: number
  serverCoreMs: number | undefined
  loadCoreMs: number | undefined
  processMs: Map<string, number>
}

export async function measure(connections: Connections, spec: RunSpec): Promise<RunResult> {
  const { sockets, losses } = connections
  const lossesBefore = losses.length
  const traffic = spec.dialect === 'raw' ? rawTraffic(sockets, spec) : await chatTraffic(sockets, spec)
  const { tally } = traffic
  const base = sockets.map((socket) => traffic.delivered(socket) - traffic.owed(socket))
  traffic.start()
  await delay(spec.warmupSeconds * 1000)
  const before = takeSample(sockets, traffic, spec)
  tally.timing = true
  await delay(spec.measureSeconds * 1000)
  tally.timing = false
  const after = takeSample(sockets, traffic, spec)
  traffic.stop()
  const owed = await drain(sockets, traffic, base, spec.drainSeconds, () => losses.length > lossesBefore)
  const faults = [...tally.faults, ...losses.slice(lossesBefore)]
  if (owed.missing > 0)
    faults.push(`${owed.missing} deliveries were missing ${spec.drainSeconds} s after the end`)
  if (owed.surplus > 0) faults.push(`${owed.surplus} deliveries more than were acknowledged`)
  if (after.deliveries === before.deliveries) faults.push('nothing was delivered')
  return { ...summarise(before, after, tally, spec), owed, faults }
}

function takeSample(sockets: RawSocket[], traffic: Traffic, spec: RunSpec): Sample {
  let deliveries = 0
  let bytes = 0
  for (const socket of sockets) {
    deliveries += traffic.delivered(socket)
    bytes += socket.walker.largeBytes
  }
  const at = performance.now()
  const load = process.cpuUsage()
  return {
    at,
    deliveries,
    bytes,
    acked: traffic.tally.acked,
    loadMs: (load.user + load.system) / 1000,
    ...treeCpu(spec.serverPid),
    serverCoreMs: spec.cores && coreBusyMs(spec.cores.server),
    loadCoreMs: spec.cores && coreBusyMs(spec.cores.load),
    processMs: spec.byProcess === true ? cpuByProcess(spec.serverPid) : new Map(),
  }
}

function summarise(
  before: Sample,
  after: Sample,
  tally: SendTally,
  spec: RunSpec,
): Omit<RunResult, 'owed' | 'faults'> {
  const ms = after.at - before.at
  const share = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : (to - from) / ms
  const serverCore = share(before.serverCoreMs, after.serverCoreMs)
  const loadCore = share(before.loadCoreMs, after.loadCoreMs)
  const deliveries = after.deliveries - before.deliveries
  return {
    seconds: ms / 1000,
    deliveries,
    ...(spec.dialect === 'raw' ? {} : { messages: after.acked - before.acked }),
    ...(spec.byProcess === true ? { processes: sharesByName(before, after) } : {}),
    meanFrameBytes: deliveries === 0 ? 0 : (after.bytes - before.bytes) / deliveries,
    ...(tally.ackMs.length === 0
      ? {}
      : { ackMs: { p50: percentile(tally.ackMs, 50), p99: percentile(tally.ackMs, 99) } }),
    cpu: {
      load: (after.loadMs - before.loadMs) / ms,
      server: (after.serverMs - before.serverMs) / ms,
      database: (after.databaseMs - before.databaseMs) / ms,
      ...(serverCore === undefined ? {} : { serverCore }),
      ...(loadCore === undefined ? {} : { loadCore }),
    },
  }
}

function sharesByName(before: Sample, after: Sample): Record<string, number[]> {
  const shares: Record<string, number[]> = {}
  for (const [process, ms] of after.processMs) {
    const share = (ms - (before.processMs.get(process) ?? 0)) / (after.at - before.at)
    if (share === 0) continue
    const name = process.slice(0, process.lastIndexOf(' '))
    shares[name] = [...(shares[name] ?? []), share].sort((a, b) => b - a)
  }
  return shares
}

/** Waits until every connection has exactly what was acknowledged in its room, or the time is up. */
async function drain(
  sockets: RawSocket[],
  traffic: Traffic,
  base: number[],
  seconds: number,
  lost: () => boolean,
): Promise<RunResult['owed']> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    let missing = 0
    let surplus = 0
    sockets.forEach((socket, i) => {
      const excess = traffic.delivered(socket) - (base[i] as number) - traffic.owed(socket)
      if (excess < 0) missing -= excess
      else surplus += excess
    })
    const complete = traffic.idle() && missing === 0 && surplus === 0
    if (complete || lost() || performance.now() > deadline) {
      return { acked: traffic.tally.acked, connections: sockets.length, missing, surplus }
    }
    await delay(POLL_MS)
  }
}

async function chatTraffic(sockets: RawSocket[], spec: RunSpec): Promise<Traffic> {
  const tally = createTally()
  const now = () => performance.now()
  const senders = new Map<RawSocket, Sender>()
  spec.senders.forEach((index, i) => {
    const socket = sockets[index]
    if (socket === undefined) throw new RangeError(`there is no connection ${index} to send from`)
    const { dialect, window } = spec
    senders.set(socket, new Sender({ socket, dialect, tally, window, tag: `${spec.tag}-${i}`, now }))
  })
  const delivered = (socket: RawSocket) => senders.get(socket)?.entries ?? socket.walker.largeFrames
  const bodies = await probeBodies(sockets, [...senders.values()], tally, delivered, spec)
  return {
    tally,
    delivered,
    owed: (socket) => tally.ackedInRoom.get(socket.room) ?? 0,
    idle: () => [...senders.values()].every((sender) => sender.outstanding.size === 0),
    start: () => {
      for (const sender of senders.values()) sender.start(bodies)
    },
    stop: () => {
      for (const sender of senders.values()) sender.stop()
    },
  }
}

/** Sends one message, sees how large its frame is at another member, and gives bodies that make it the right size. */
async function probeBodies(
  sockets: RawSocket[],
  senders: Sender[],
  tally: SendTally,
  delivered: (socket: RawSocket) => number,
  spec: RunSpec,
): Promise<string[]> {
  const [sender] = senders
  if (sender === undefined) throw new RangeError('a run needs a sender')
  const members = sockets.filter((socket) => socket.room === sender.socket.room)
  const witness = members.find((socket) => !senders.some((other) => other.socket === socket)) ?? sender.socket
  const bytesBefore = witness.walker.largeBytes
  const before = members.map(delivered)
  sender.sendOne('x'.repeat(PROBE_BODY_CHARACTERS))
  const deadline = performance.now() + spec.drainSeconds * 1000
  while (tally.acked === 0 || members.some((socket, i) => delivered(socket) === before[i])) {
    if (tally.faults.length > 0) throw new Error(tally.faults[0])
    if (performance.now() > deadline) {
      const reached = members.filter((socket, i) => delivered(socket) !== before[i]).length
      throw new Error(
        `one message was acknowledged ${tally.acked} times and reached ${reached} of ${members.length}`,
      )
    }
    await delay(POLL_MS)
  }
  const probeBytes = witness.walker.largeBytes - bytesBefore
  return makeBodies(Math.max(1, PROBE_BODY_CHARACTERS + spec.frameBytes - probeBytes))
}

/** The raw ceiling writes by itself; its pacer allows it to be so many batches ahead, so that nothing piles up. */
function rawTraffic(sockets: RawSocket[], spec: RunSpec): Traffic {
  const tally = createTally()
  const pacer = sockets[spec.senders[0] ?? 0]
  if (pacer === undefined) throw new RangeError('the raw ceiling needs a pacer')
  const { framesPerBatch = 1 } = spec
  const dialect = DIALECTS.raw
  let received = 0
  let written: number | undefined
  let stopped = false
  const allow = (batches: number) => pacer.queueText(dialect.send(batches, '', '', ''))
  pacer.keepAllFrames(true)
  pacer.onReading = (reading) => {
    if (reading.kind === 'done') written = reading.frames
    if (reading.kind !== 'entry') return
    received++
    if (!stopped && received % framesPerBatch === 0) allow(received / framesPerBatch + spec.window)
  }
  return {
    tally,
    delivered: (socket) => (socket === pacer ? received : socket.walker.largeFrames),
    owed: () => written ?? 0,
    idle: () => written !== undefined,
    start: () => {
      allow(spec.window)
      pacer.flush()
    },
    stop: () => {
      stopped = true
      pacer.queueText('stop')
      pacer.flush()
    },
  }
}
