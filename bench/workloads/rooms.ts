import { compare, disturbanceNote, type Outcome, type Subject } from '../lib/compare.ts'
import { startLoad } from '../lib/load-client.ts'
import { type BenchUser, eachBounded, parleyRest } from '../lib/parley-rest.ts'
import { pinTree } from '../lib/pinning.ts'
import { formatCount, formatPercent, formatRatio, markdownTable } from '../lib/report.ts'
import { packageVersion } from '../lib/results.ts'
import { runPeer, startParley, startPeer } from '../lib/servers.ts'
import { median, type Spread, spread } from '../lib/statistics.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'
import type { AppendResult } from '../peers/append.ts'

/**
 * W2: many small rooms at saturation. One member of each room sends, one message at a time, so that every room is
 * always waiting for exactly one acknowledgement. Every user is a real one, in one room, with one connection.
 */

/** What is left for the body in a frame of 215 bytes. */
const CEILING_BODY_CHARACTERS = 40

export const workload: Workload = {
  title: 'rooms (W2): 1,000 rooms of 5, 5,000 connections, at saturation',
  defaults: { rounds: 3, seconds: 4, warmup: 1, rooms: 1000, members: 5, 'frame-bytes': 215, window: 1 },
  pinned: true,
  packages: ['socket.io', 'pg'],
  run,
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const socketio = `Socket.IO ${packageVersion('socket.io')}`
  const makers: [string, () => Promise<Subject>][] = [
    ['socketio', () => peerSubject(context, 'socketio', `${socketio}, nothing stored`)],
    [
      'socketio-insert',
      () => peerSubject(context, 'socketio-insert', `${socketio} + one INSERT per message`),
    ],
    ['parley', () => parleySubject(context)],
  ]
  const subjects: Subject[] = []
  const wanted = (id: string) => context.only.length === 0 || context.only.includes(id)
  const ceiling = wanted('append') ? await appendCeiling(context) : undefined
  for (const [id, make] of makers) if (wanted(id)) subjects.push(await make())
  const load = startLoad(context.pinning.cores?.load)
  context.own(load.stop)
  const outcomes = await compare(context, load, subjects, {
    rounds: option(context, 'rounds'),
    warmupSeconds: option(context, 'warmup'),
    measureSeconds: option(context, 'seconds'),
    frameBytes: option(context, 'frame-bytes'),
  })
  return report(context, outcomes, ceiling)
}

/** What the database takes when a loop calls the bare `append`, on the server's core: messages per second. */
async function appendCeiling(context: BenchContext): Promise<Spread> {
  const rates: number[] = []
  const args = ['rooms', 'warmup', 'seconds'].map((name) => String(option(context, name)))
  args.splice(1, 0, String(CEILING_BODY_CHARACTERS))
  for (let round = 1; round <= option(context, 'rounds'); round++) {
    const result = await runPeer<AppendResult>('append', args, context.pinning.cores?.server)
    rates.push(result.messagesPerSecond)
    context.log(
      `round ${round}  bare append: ${formatCount(result.messagesPerSecond)} messages/s in batches of ${formatCount(result.batchMessages)}`,
    )
  }
  return spread(rates)
}

/** The first member of each room; connection `i` belongs to room `i mod rooms`. */
function senders(context: BenchContext): number[] {
  return Array.from({ length: option(context, 'rooms') }, (_, i) => i)
}

async function peerSubject(
  context: BenchContext,
  id: 'socketio' | 'socketio-insert',
  label: string,
): Promise<Subject> {
  const server = await startPeer(id, [], context.pinning.cores?.server)
  context.own(server.stop)
  const rooms = option(context, 'rooms')
  // As long as Parley's ids, so that frames compare.
  const names = Array.from({ length: rooms }, (_, i) => `bench-room-${String(i).padStart(9, '0')}`)
  return {
    id,
    label,
    dialect: 'socketio',
    ...server,
    senders: senders(context),
    window: option(context, 'window'),
    connections: () =>
      Array.from({ length: rooms * option(context, 'members') }, (_, i) => ({
        room: names[i % rooms] as string,
      })),
  }
}

async function parleySubject(context: BenchContext): Promise<Subject> {
  const rooms = option(context, 'rooms')
  const count = rooms * option(context, 'members')
  const server = await startParley()
  context.own(server.stop)
  const rest = parleyRest(server.port)
  const users = await rest.register(count, (done) => {
    if (done % 20 === 0) context.progress(`registering users: ${done} of ${count}`)
  })
  const ids: string[] = []
  await eachBounded(rooms, async (i) => {
    const [owner, ...others] = users.filter((_, index) => index % rooms === i) as [BenchUser, ...BenchUser[]]
    ids[i] = await rest.createGroup(
      owner,
      `Room ${i}`,
      others.map(({ username }) => username),
    )
  })
  context.log(`${count} users registered, ${rooms} groups created`)
  const { cores } = context.pinning
  if (cores !== undefined) pinTree(server.pid, cores.server)
  return {
    id: 'parley',
    label: `Parley ${packageVersion('@parley/server')}, every message durable`,
    dialect: 'parley',
    ...server,
    senders: senders(context),
    window: option(context, 'window'),
    connections: async () => {
      await rest.renewTokens(users)
      return users.map(({ token }, i) => ({ room: ids[i % rooms] as string, token }))
    },
    audit: async () => {
      const heads = async () => {
        let sum = 0
        await eachBounded(rooms, async (i) => {
          const head = await rest.headSeq(ids[i] as string, users[i] as BenchUser)
          sum += head // not `sum += await …`, which would read the sum before the answer is there
        })
        return sum
      }
      const before = await heads()
      return async ({ owed }) => {
        const stored = (await heads()) - before
        return stored === owed.acked ? [] : [`${owed.acked} messages were acknowledged and ${stored} stored`]
      }
    },
  }
}

function report(context: BenchContext, outcomes: Outcome[], ceiling: Spread | undefined): WorkloadReport {
  const rate = (id: string) => outcomes.find((outcome) => outcome.id === id)?.messagesPerSecond?.median
  const ours = rate('parley')
  const ratios: Record<string, number> = {}
  for (const { id } of outcomes) {
    const theirs = rate(id)
    if (id !== 'parley' && ours !== undefined && theirs !== undefined) ratios[id] = ours / theirs
  }
  const rows = outcomes.map(({ id, label, messagesPerSecond, deliveriesPerSecond, rounds, reasons }) => {
    if (messagesPerSecond === undefined || deliveriesPerSecond === undefined) {
      return [label, `no figure: ${reasons[0] ?? 'not run'}`, '', '', '', '', '']
    }
    const cpu = (part: 'server' | 'database' | 'load') =>
      formatPercent(median(rounds.map((round) => round.cpu[part])))
    const acks = rounds.map((round) => round.ackMs).filter((ack) => ack !== undefined)
    return [
      label,
      formatCount(messagesPerSecond.median),
      `${formatCount(messagesPerSecond.min)} – ${formatCount(messagesPerSecond.max)}`,
      formatCount(deliveriesPerSecond.median),
      `${formatCount(median(acks.map(({ p50 }) => p50)))} / ${formatCount(median(acks.map(({ p99 }) => p99)))} ms`,
      `${cpu('server')} + ${cpu('database')} / ${cpu('load')}`,
      ratios[id] === undefined ? '' : formatRatio(ratios[id]),
    ]
  })
  if (ceiling !== undefined) {
    if (ours !== undefined) ratios.append = ours / ceiling.median
    const range = `${formatCount(ceiling.min)} – ${formatCount(ceiling.max)}`
    const share = ratios.append === undefined ? '' : formatRatio(ratios.append)
    rows.unshift([
      'bare SQL ceiling: append from a loop',
      formatCount(ceiling.median),
      range,
      '',
      '',
      '',
      share,
    ])
  }
  const rooms = formatCount(option(context, 'rooms'))
  const markdown = markdownTable({
    columns: [
      { title: `${rooms} rooms of ${option(context, 'members')}`, align: 'left' },
      { title: 'messages/s', align: 'right' },
      { title: 'min – max', align: 'right' },
      { title: 'deliveries/s', align: 'right' },
      { title: 'send → ack p50 / p99', align: 'right' },
      { title: 'server + database / load core', align: 'right' },
      { title: 'Parley against it', align: 'right' },
    ],
    rows,
  })
  return {
    results: { ratios, appendMessagesPerSecond: ceiling, subjects: outcomes },
    markdown: markdown + disturbanceNote(outcomes),
  }
}
