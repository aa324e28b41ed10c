import { type ClusterServer, startCluster } from '../lib/cluster.ts'
import { awaitQuiet, compare, type Subject } from '../lib/compare.ts'
import type { LatencyResult } from '../lib/latency.ts'
import { type Load, startLoad } from '../lib/load-client.ts'
import { type BenchUser, eachBounded, type ParleyRest, parleyRest } from '../lib/parley-rest.ts'
import { pinTree } from '../lib/pinning.ts'
import { formatCount } from '../lib/report.ts'
import { runPeer, startParley } from '../lib/servers.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'
import type { BusResult } from '../peers/bus.ts'
import { type LatencyOutcome, reportScale } from './scale-report.ts'

/**
 * W9: one process against many. The same users, rooms and messages on an embedded Parley and on a deployment of
 * processes, with one of its gateways, with two, and through nginx; saturated, and one message at a time.
 */

/** What is left for the body in a frame of 215 bytes. */
const BODY_CHARACTERS = 40
/** How an announcement of one such message weighs on the bus. */
const BUS_MESSAGE_CHARACTERS = 250
/** Of single messages: the first few find nothing prepared. */
const SINGLE_WARMUP_SECONDS = 0.5
const CONNECT_TIMEOUT_SECONDS = 60
const LATENCY_TIMEOUT_SECONDS = 10

export const workload: Workload = {
  title: 'scale (W9): embedded against distributed, one gateway against two',
  defaults: {
    rounds: 3,
    seconds: 3,
    warmup: 1,
    'single-rounds': 5,
    'single-seconds': 1.5,
    members: 200,
    senders: 4,
    window: 64,
    'room-members': 5,
    'room-window': 8,
    'frame-bytes': 215,
  },
  pinned: true,
  packages: ['ws', '@redis/client'],
  run,
}

type ArmId = 'embedded' | 'one-gateway' | 'two-gateways' | 'nginx'

/** A server with its stage set, and the gateways that connections are spread over in turn. */
interface Arm {
  id: ArmId
  label: string
  stage: Stage
  pid: number
  ports: number[]
}

interface Stage {
  rest: ParleyRest
  users: BenchUser[]
  /** Everybody is in it. */
  hall: string
  /** User `i` is in room `i mod rooms.length`. */
  rooms: string[]
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const members = option(context, 'members')
  if (members % option(context, 'room-members') !== 0)
    throw new Error('--members must be a multiple of --room-members')
  const embedded = await startParley()
  context.own(embedded.stop)
  const cluster = await startCluster()
  context.own(cluster.stop)
  const wanted = ({ id }: Arm) => context.only.length === 0 || context.only.includes(id)
  const arms = makeArms(
    { ...embedded, stage: await setStage(context, embedded.port, 'embedded') },
    { ...cluster, stage: await setStage(context, cluster.port, 'distributed') },
  ).filter(wanted)
  // Hashing passwords is no part of the workload and uses every core; from here on there is one.
  const { cores } = context.pinning
  if (cores !== undefined) for (const { pid } of [embedded, cluster]) pinTree(pid, cores.server)
  const load = startLoad(cores?.load)
  context.own(load.stop)

  const latency = await measureLatencies(context, load, arms)
  const bus = await measureBus(context, cluster)
  const subjects = arms.flatMap((arm) => [
    hallSubject(context, arm),
    ...(arm.id === 'nginx' ? [] : [roomsSubject(context, arm)]),
  ])
  const saturated = await compare(context, load, subjects, {
    rounds: option(context, 'rounds'),
    warmupSeconds: option(context, 'warmup'),
    measureSeconds: option(context, 'seconds'),
    frameBytes: option(context, 'frame-bytes'),
  })
  return reportScale(context, { latency, bus, saturated })
}

type Staged = { pid: number; port: number; stage: Stage }

function makeArms(embedded: Staged, cluster: Staged & Pick<ClusterServer, 'gatewayPorts'>): Arm[] {
  const { stage, pid, gatewayPorts } = cluster
  return [
    { id: 'embedded', label: 'embedded, one process', ...embedded, ports: [embedded.port] },
    { id: 'one-gateway', label: 'distributed, one gateway', stage, pid, ports: gatewayPorts.slice(0, 1) },
    { id: 'two-gateways', label: 'distributed, two gateways', stage, pid, ports: gatewayPorts.slice(0, 2) },
    { id: 'nginx', label: 'distributed, through nginx', stage, pid, ports: [cluster.port] },
  ]
}

async function setStage(context: BenchContext, port: number, where: string): Promise<Stage> {
  const rest = parleyRest(port)
  const users = await rest.register(option(context, 'members'), (done) => {
    if (done % 20 === 0) context.progress(`registering users, ${where}: ${done}`)
  })
  const [owner, ...others] = users as [BenchUser, ...BenchUser[]]
  const hall = await rest.createPublicRoom(owner, 'Everybody')
  await rest.join(hall, others)
  const count = users.length / option(context, 'room-members')
  const rooms: string[] = []
  await eachBounded(count, async (i) => {
    const [first, ...invited] = users.filter((_, index) => index % count === i) as [BenchUser, ...BenchUser[]]
    const names = invited.map(({ username }) => username)
    rooms[i] = await rest.createGroup(first, `Room ${i}`, names)
  })
  context.log(`${where}: ${users.length} users registered, in one room of all and ${count} rooms`)
  return { rest, users, hall, rooms }
}

/** Everybody in one room, a few senders, spread over the gateways like the others. */
function hallSubject(context: BenchContext, arm: Arm): Subject {
  const { rest, users, hall } = arm.stage
  return {
    id: `${arm.id}/hall`,
    label: `${arm.label}; one room of ${users.length}`,
    dialect: 'parley',
    port: arm.ports[0] as number,
    pid: arm.pid,
    byProcess: true,
    senders: Array.from({ length: option(context, 'senders') }, (_, i) => i),
    window: option(context, 'window'),
    connections: async () => {
      await rest.renewTokens(users)
      return users.map(({ token }, i) => ({ room: hall, token, port: portAt(arm, i) }))
    },
    audit: () => auditHeads(arm.stage, [hall]),
  }
}

/** Many small rooms, one member of each sending; every room has members on every gateway. */
function roomsSubject(context: BenchContext, arm: Arm): Subject {
  const { rest, users, rooms } = arm.stage
  return {
    id: `${arm.id}/rooms`,
    label: `${arm.label}; ${rooms.length} rooms of ${users.length / rooms.length}`,
    dialect: 'parley',
    port: arm.ports[0] as number,
    pid: arm.pid,
    byProcess: true,
    senders: rooms.map((_, i) => i),
    window: option(context, 'room-window'),
    connections: async () => {
      await rest.renewTokens(users)
      return users.map(({ token }, i) => ({
        room: rooms[i % rooms.length] as string,
        token,
        port: portAt(arm, (i % rooms.length) + Math.floor(i / rooms.length)),
      }))
    },
    audit: () => auditHeads(arm.stage, rooms),
  }
}

function portAt({ ports }: Arm, index: number): number {
  return ports[index % ports.length] as number
}

/** What was acknowledged is what the rooms have grown by. */
async function auditHeads({ rest, users }: Stage, rooms: readonly string[]) {
  const heads = async () => {
    let sum = 0
    await eachBounded(rooms.length, async (i) => {
      const head = await rest.headSeq(rooms[i] as string, users[i] as BenchUser)
      sum += head // not `sum += await …`, which would read the sum before the answer is there
    })
    return sum
  }
  const before = await heads()
  return async ({ owed }: { owed: { acked: number } }) => {
    const stored = (await heads()) - before
    return stored === owed.acked ? [] : [`${owed.acked} messages were acknowledged and ${stored} stored`]
  }
}

/** In a room of a few, one message at a time; half of the receivers on the sender's gateway where there are two. */
async function measureLatencies(
  context: BenchContext,
  load: Load,
  arms: readonly Arm[],
): Promise<LatencyOutcome[]> {
  const tag = Date.now().toString(36)
  const outcomes = arms.map(({ id, label }) => ({
    id,
    label,
    rounds: [] as LatencyResult[],
    reasons: [] as string[],
  }))
  for (let round = 1; round <= option(context, 'single-rounds'); round++) {
    for (const [i, arm] of arms.entries()) {
      const outcome = outcomes[i] as (typeof outcomes)[number]
      context.progress(`round ${round}: one message at a time, ${arm.label}`)
      const result = await measureArm(context, load, arm, `${tag}-${i}-${round}`)
      outcome.rounds.push(result)
      outcome.reasons.push(...result.faults.map((fault) => `round ${round}: ${fault}`))
      const ms = (value: number | undefined) => (value === undefined ? '–' : `${formatCount(value)} ms`)
      context.log(
        `round ${round}  ${arm.label}: ${result.messages} single messages; ok p50 ${ms(result.ackMs?.p50)}, entry p50 ${ms(result.entryMs?.p50)} ${result.faults[0] ?? ''}`,
      )
    }
  }
  return outcomes
}

async function measureArm(context: BenchContext, load: Load, arm: Arm, tag: string): Promise<LatencyResult> {
  const { rest, users, rooms } = arm.stage
  const members = users.filter((_, i) => i % rooms.length === 0)
  await rest.renewTokens(members)
  const room = rooms[0] as string
  const connections = members.map(({ token }, i) => ({ room, token, port: portAt(arm, i) }))
  await load.connect({
    dialect: 'parley',
    port: arm.ports[0] as number,
    connections,
    timeoutSeconds: CONNECT_TIMEOUT_SECONDS,
  })
  try {
    await awaitQuiet(context)
    return await load.latency({
      dialect: 'parley',
      sender: 0,
      elsewhere: arm.ports.length < 2 ? [] : members.map((_, i) => i).filter((i) => i % 2 === 1),
      bodyCharacters: BODY_CHARACTERS,
      warmupSeconds: SINGLE_WARMUP_SECONDS,
      measureSeconds: option(context, 'single-seconds'),
      timeoutSeconds: LATENCY_TIMEOUT_SECONDS,
      tag,
    })
  } finally {
    await load.close()
  }
}

/** The bus of the deployment by itself. */
async function measureBus(context: BenchContext, cluster: ClusterServer): Promise<BusResult[]> {
  const results: BusResult[] = []
  const args = [cluster.redisUrl, String(option(context, 'single-seconds')), String(BUS_MESSAGE_CHARACTERS)]
  for (let round = 1; round <= option(context, 'single-rounds'); round++) {
    await awaitQuiet(context)
    const result = await runPeer<BusResult>('bus', args, context.pinning.cores?.server)
    results.push(result)
    context.log(`round ${round}  bare bus: ${formatCount(result.hopMs.p50)} ms a hop`)
  }
  return results
}
