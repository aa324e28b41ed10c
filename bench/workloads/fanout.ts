import { compare, disturbanceNote, type Outcome, type Subject } from '../lib/compare.ts'
import { type Load, startLoad } from '../lib/load-client.ts'
import { type BenchUser, type ParleyRest, parleyRest } from '../lib/parley-rest.ts'
import { pinTree } from '../lib/pinning.ts'
import { formatCount, formatPercent, formatRatio, markdownTable } from '../lib/report.ts'
import { packageVersion } from '../lib/results.ts'
import { startParley, startPeer } from '../lib/servers.ts'
import { median } from '../lib/statistics.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'

/** W1: one room, many connected members, a few senders at saturation; every message of ours is durable. */

const ROOM = 'bench-room-0000000000'
/** What the raw ceiling may write ahead of its pacer, for each socket: enough to keep busy, too little to pile up. */
const RAW_WINDOW_FRAMES = 320
const SMALL_RAW_BATCH_FRAMES = 10

export const workload: Workload = {
  title: 'fanout (W1): one room, 1,000 connected members, 4 senders at saturation',
  defaults: {
    rounds: 3,
    seconds: 4,
    warmup: 1,
    members: 1000,
    senders: 4,
    'frame-bytes': 215,
    window: 64,
    'peer-window': 2,
  },
  pinned: true,
  packages: ['socket.io', 'ws'],
  run,
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const wanted = ([id]: [string, unknown]) => context.only.length === 0 || context.only.includes(id)
  const subjects: Subject[] = []
  const makers: [string, () => Promise<Subject[]>][] = [
    ['raw-10', () => rawSubject(context, 'raw-10', SMALL_RAW_BATCH_FRAMES)],
    // As many as we could have to write at once: all that the senders may have outstanding.
    [
      'raw-window',
      () => rawSubject(context, 'raw-window', option(context, 'senders') * option(context, 'window')),
    ],
    ['ws', () => peerSubject(context, 'ws', `plain ws ${packageVersion('ws')}, nothing stored`)],
    [
      'socketio',
      () => peerSubject(context, 'socketio', `Socket.IO ${packageVersion('socket.io')}, nothing stored`),
    ],
    ['parley', () => parleySubjects(context)],
  ]
  for (const [, make] of makers.filter(wanted)) subjects.push(...(await make()))
  const load: Load = startLoad(context.pinning.cores?.load)
  context.own(load.stop)
  const outcomes = await compare(context, load, subjects, {
    rounds: option(context, 'rounds'),
    warmupSeconds: option(context, 'warmup'),
    measureSeconds: option(context, 'seconds'),
    frameBytes: option(context, 'frame-bytes'),
  })
  return report(context, outcomes)
}

async function rawSubject(context: BenchContext, id: string, framesPerBatch: number): Promise<Subject[]> {
  const args = [String(framesPerBatch), String(option(context, 'frame-bytes'))]
  const server = await startPeer('raw', args, context.pinning.cores?.server)
  context.own(server.stop)
  return [
    {
      id,
      label: `raw ceiling, ${framesPerBatch} prebuilt frames per write`,
      dialect: 'raw',
      ...server,
      senders: [0],
      window: Math.max(2, Math.round(RAW_WINDOW_FRAMES / framesPerBatch)),
      framesPerBatch,
      connections: () => sameRoom(option(context, 'members')),
    },
  ]
}

async function peerSubject(
  context: BenchContext,
  name: 'ws' | 'socketio',
  label: string,
): Promise<Subject[]> {
  const server = await startPeer(name, [], context.pinning.cores?.server)
  context.own(server.stop)
  return [
    {
      id: name,
      label,
      dialect: name,
      ...server,
      senders: senderIndexes(context),
      window: option(context, 'peer-window'),
      connections: () => sameRoom(option(context, 'members')),
    },
  ]
}

async function parleySubjects(context: BenchContext): Promise<Subject[]> {
  const members = option(context, 'members')
  const server = await startParley()
  context.own(server.stop)
  const rest = parleyRest(server.port)
  const startedAt = performance.now()
  const users = await rest.register(members, (done) => {
    if (done % 20 === 0) context.progress(`registering members: ${done} of ${members}`)
  })
  const [owner, ...others] = users as [BenchUser, ...BenchUser[]]
  const room = await rest.createPublicRoom(owner, 'Everybody')
  await rest.join(room, others)
  context.log(
    `${members} members registered and joined in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  )
  // Hashing a thousand passwords is no part of the workload and uses every core; from here on there is one.
  const { cores } = context.pinning
  if (cores !== undefined) pinTree(server.pid, cores.server)
  const subject = (id: string, window: number, note: string): Subject => ({
    id,
    label: `Parley ${packageVersion('@parley/server')}, every message durable${note}`,
    dialect: 'parley',
    port: server.port,
    pid: server.pid,
    senders: senderIndexes(context),
    window,
    connections: async () => {
      await rest.renewTokens(users)
      return users.map(({ token }) => ({ room, token }))
    },
    audit: () => auditStored(rest, room, owner),
  })
  const peerWindow = option(context, 'peer-window')
  return [
    subject('parley', option(context, 'window'), ''),
    subject('parley-peer-window', peerWindow, `, window of ${peerWindow} as the peers`),
  ]
}

/** Every acknowledged message must have become an entry of the room's log, and nothing else may have. */
async function auditStored(
  rest: ParleyRest,
  room: string,
  member: BenchUser,
): ReturnType<NonNullable<Subject['audit']>> {
  const before = await rest.headSeq(room, member)
  return async ({ owed }) => {
    const stored = (await rest.headSeq(room, member)) - before
    return stored === owed.acked ? [] : [`${owed.acked} messages were acknowledged and ${stored} stored`]
  }
}

function sameRoom(members: number): { room: string }[] {
  return Array.from({ length: members }, () => ({ room: ROOM }))
}

/** Spread over the members, so that senders are not all first in the server's lists. */
function senderIndexes(context: BenchContext): number[] {
  const members = option(context, 'members')
  const senders = option(context, 'senders')
  return Array.from({ length: senders }, (_, i) => Math.floor(((i + 0.5) * members) / senders))
}

function report(context: BenchContext, outcomes: Outcome[]): WorkloadReport {
  const rate = (id: string) => outcomes.find((outcome) => outcome.id === id)?.deliveriesPerSecond?.median
  const ours = rate('parley')
  const ratios = Object.fromEntries(
    outcomes
      .filter(({ id }) => !id.startsWith('parley'))
      .map(({ id }) => [id, ours === undefined ? undefined : ours / (rate(id) ?? Number.NaN)])
      .filter(([, ratio]) => ratio !== undefined && !Number.isNaN(ratio)),
  ) as Record<string, number>
  const rows = outcomes.map((outcome) => {
    const { deliveriesPerSecond: figure, deliveriesPerCoreSecond: perCore, rounds, reasons } = outcome
    if (figure === undefined)
      return [outcome.label, `no figure: ${reasons[0] ?? 'not run'}`, '', '', '', '', '', '']
    const cpu = (part: 'server' | 'database' | 'load') =>
      formatPercent(median(rounds.map((round) => round.cpu[part])))
    const acks = rounds.map((round) => round.ackMs).filter((ack) => ack !== undefined)
    const ratio = ratios[outcome.id]
    return [
      outcome.label,
      formatCount(figure.median),
      `${formatCount(figure.min)} – ${formatCount(figure.max)}`,
      perCore === undefined ? '' : formatCount(perCore.median),
      outcome.messagesPerSecond === undefined ? '' : formatCount(outcome.messagesPerSecond.median),
      acks.length === 0
        ? ''
        : `${formatCount(median(acks.map(({ p50 }) => p50)))} / ${formatCount(median(acks.map(({ p99 }) => p99)))} ms`,
      `${cpu('server')} + ${cpu('database')} / ${cpu('load')}`,
      ratio === undefined ? '' : formatRatio(ratio),
    ]
  })
  const markdown = markdownTable({
    columns: [
      { title: `one room, ${formatCount(option(context, 'members'))} members`, align: 'left' },
      { title: 'deliveries/s on one server core', align: 'right' },
      { title: 'min – max', align: 'right' },
      { title: 'per busy core-second', align: 'right' },
      { title: 'messages/s', align: 'right' },
      { title: 'send → ack p50 / p99', align: 'right' },
      { title: 'server + database / load core', align: 'right' },
      { title: 'Parley against it', align: 'right' },
    ],
    rows,
  })
  return { results: { ratios, subjects: outcomes }, markdown: markdown + disturbanceNote(outcomes) }
}
