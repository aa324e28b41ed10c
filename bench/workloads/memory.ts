import { setTimeout as delay } from 'node:timers/promises'
import type { CollectGarbage } from '../lib/collect-garbage.ts'
import type { DialectName } from '../lib/dialects.ts'
import type { ConnectSpec } from '../lib/load.ts'
import { type Load, startLoad } from '../lib/load-client.ts'
import { type BenchUser, eachBounded, parleyRest } from '../lib/parley-rest.ts'
import { pinTree } from '../lib/pinning.ts'
import { processMemory, processTree } from '../lib/processes.ts'
import { formatCount, formatRatio, markdownTable } from '../lib/report.ts'
import { packageVersion } from '../lib/results.ts'
import { startParley, startPeer } from '../lib/servers.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'

/**
 * W4: what an idle authenticated connection costs: the server's resident memory with all of them, less that of the
 * same server after a few hundred came and went, so that what it grows by once, whoever comes, is not charged to
 * them. Both are taken after the server was made to collect its garbage: an idle Node never does by itself, and what
 * the last burst left lying would be the larger part. What is resident without that is in the table too.
 */

/** `POST /rooms` takes 200 names beside the creator's. */
const MAX_GROUP_MEMBERS = 201
/** A process may open 20,000 files on the machines this runs on; the rest is for the process itself. */
const MAX_CONNECTIONS_PER_PROCESS = 18_000
const WARM_UP_CONNECTIONS = 500
const CONNECT_TIMEOUT_SECONDS = 300
const SETTLE_POLL_MS = 1000
const SETTLED_POLLS = 5
const SETTLED_CHANGE = 0.005
const SETTLE_LIMIT_POLLS = 40

export const workload: Workload = {
  title: 'memory (W4): idle authenticated connections, each in 20 rooms',
  defaults: { connections: 10_000, users: 1000, rooms: 20 },
  pinned: true,
  packages: ['socket.io', 'ws'],
  run,
}

interface MemorySubject {
  id: string
  label: string
  dialect: DialectName
  port: number
  pid: number
  collectGarbage: CollectGarbage
  connection(index: number): Promise<ConnectSpec['connections'][number]> | ConnectSpec['connections'][number]
  stop(): Promise<void>
}

interface Figure {
  id: string
  label: string
  /**
   * Resident bytes of the server's own processes: without (but warm) and with all connections after collecting, and
   * with all before.
   */
  rssBytes?: { none: number; all: number; uncollected: number }
  /** PostgreSQL's processes, shared pages counted once, with all connections. */
  databaseBytes?: number
  bytesPerConnection?: number
  reason?: string
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const connections = option(context, 'connections')
  if (connections > MAX_CONNECTIONS_PER_PROCESS) {
    throw new Error(
      `one server process takes at most ${MAX_CONNECTIONS_PER_PROCESS} connections here (open files)`,
    )
  }
  const makers: [string, () => Promise<MemorySubject>][] = [
    ['ws', () => peer(context, 'ws', `plain ws ${packageVersion('ws')}, in 1 room`)],
    [
      'socketio',
      () => peer(context, 'socketio', `Socket.IO ${packageVersion('socket.io')}, in ${rooms(context)} rooms`),
    ],
    ['parley', () => parley(context)],
  ]
  const load = startLoad(context.pinning.cores?.load)
  context.own(load.stop)
  const figures: Figure[] = []
  for (const [id, make] of makers) {
    if (context.only.length > 0 && !context.only.includes(id)) continue
    const subject = await make()
    try {
      figures.push(await measureSubject(context, load, subject, connections))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      figures.push({ id, label: subject.label, reason })
    } finally {
      await load.close()
      await subject.stop()
    }
  }
  return report(figures, connections)
}

function rooms(context: BenchContext): number {
  return option(context, 'rooms')
}

async function measureSubject(
  context: BenchContext,
  load: Load,
  subject: MemorySubject,
  connections: number,
): Promise<Figure> {
  const { id, label, dialect, port, pid } = subject
  const open = async (from: number, count: number) => {
    const list: ConnectSpec['connections'] = []
    for (let i = 0; i < count; i++) list.push(await subject.connection(from + i))
    await load.connect({ dialect, port, connections: list, timeoutSeconds: CONNECT_TIMEOUT_SECONDS })
  }
  context.progress(`${label}: warming up`)
  await open(0, WARM_UP_CONNECTIONS)
  await load.close()
  await subject.collectGarbage()
  const none = await settledRss(pid)
  context.progress(`${label}: ${connections} connections`)
  await open(0, connections)
  const uncollected = await settledRss(pid)
  await subject.collectGarbage()
  const all = await settledRss(pid)
  const losses = await load.losses()
  if (losses.length > 0)
    throw new Error(`${losses.length} idle connections ended, the first because ${losses[0]}`)
  const bytesPerConnection = (all - none) / connections
  context.log(`${label}: ${mb(none)} → ${mb(all)}, ${kb(bytesPerConnection)} per connection`)
  const databaseBytes = databaseMemory(pid)
  return {
    id,
    label,
    rssBytes: { none, all, uncollected },
    bytesPerConnection,
    ...(databaseBytes === 0 ? {} : { databaseBytes }),
  }
}

/** Resident memory, once it has moved less than 0.5 % a second for five seconds. */
async function settledRss(pid: number): Promise<number> {
  let last = serverRss(pid)
  let still = 0
  for (let polls = 0; still < SETTLED_POLLS; polls++) {
    if (polls === SETTLE_LIMIT_POLLS) throw new Error('memory did not settle')
    await delay(SETTLE_POLL_MS)
    const now = serverRss(pid)
    still = Math.abs(now - last) <= last * SETTLED_CHANGE ? still + 1 : 0
    last = now
  }
  return last
}

function serverRss(root: number): number {
  const own = processTree(root).filter(({ name }) => !name.startsWith('postgres'))
  const bytes = own.reduce((sum, { pid }) => sum + (processMemory(pid)?.rssBytes ?? 0), 0)
  if (bytes === 0) throw new Error('resident memory cannot be read here (it needs /proc)')
  return bytes
}

function databaseMemory(root: number): number {
  const database = processTree(root).filter(({ name }) => name.startsWith('postgres'))
  return database.reduce((sum, { pid }) => sum + (processMemory(pid)?.pssBytes ?? 0), 0)
}

async function peer(context: BenchContext, name: 'ws' | 'socketio', label: string): Promise<MemorySubject> {
  // A Socket.IO connection is in a room of its own name and joins the others beside it.
  const otherRooms = name === 'socketio' ? rooms(context) - 1 : 0
  const server = await startPeer(name, [String(otherRooms)], context.pinning.cores?.server)
  context.own(server.stop)
  return {
    id: name,
    label,
    dialect: name,
    ...server,
    connection: (i) => ({ room: `block-${i % Math.ceil(option(context, 'users') / MAX_GROUP_MEMBERS)}` }),
  }
}

async function parley(context: BenchContext): Promise<MemorySubject> {
  const count = option(context, 'users')
  const server = await startParley({ inspectable: true })
  context.own(server.stop)
  const rest = parleyRest(server.port)
  const users = await rest.register(count, (done) => {
    if (done % 20 === 0) context.progress(`registering users: ${done} of ${count}`)
  })
  const blocks = Math.ceil(count / MAX_GROUP_MEMBERS)
  await eachBounded(blocks * rooms(context), async (i) => {
    const [creator, ...others] = users.filter((_, index) => index % blocks === i % blocks) as [
      BenchUser,
      ...BenchUser[],
    ]
    const names = others.map(({ username }) => username)
    await rest.createGroup(creator, `Group ${i}`, names)
    context.progress(`${i + 1} of ${blocks * rooms(context)} groups`)
  })
  const { cores } = context.pinning
  if (cores !== undefined) pinTree(server.pid, cores.server)
  const devices = formatCount(option(context, 'connections') / count)
  return {
    id: 'parley',
    label: `Parley ${packageVersion('@parley/server')}, in ${rooms(context)} rooms (${count} users, ${devices} connections each)`,
    dialect: 'parley',
    ...server,
    connection: async (i) => {
      const user = users[i % count] as BenchUser
      await rest.renewTokens([user])
      return { room: '', token: user.token }
    },
  }
}

function mb(bytes: number): string {
  return `${formatCount(bytes / 1e6)} MB`
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`
}

function report(figures: Figure[], connections: number): WorkloadReport {
  const ours = figures.find(({ id }) => id === 'parley')?.bytesPerConnection
  const rows = figures.map(({ id, label, rssBytes, bytesPerConnection, databaseBytes, reason }) => {
    if (rssBytes === undefined || bytesPerConnection === undefined)
      return [label, `no figure: ${reason}`, '', '', '', '', '']
    return [
      label,
      kb(bytesPerConnection),
      mb(rssBytes.none),
      mb(rssBytes.all),
      mb(rssBytes.uncollected),
      databaseBytes === undefined ? '' : mb(databaseBytes),
      ours === undefined || id === 'parley' ? '' : formatRatio(ours / bytesPerConnection),
    ]
  })
  const markdown = markdownTable({
    columns: [
      { title: `${formatCount(connections)} idle connections`, align: 'left' },
      { title: 'RSS per connection', align: 'right' },
      { title: 'RSS with none', align: 'right' },
      { title: 'RSS with all', align: 'right' },
      { title: 'before collecting', align: 'right' },
      { title: 'PostgreSQL', align: 'right' },
      { title: 'Parley against it', align: 'right' },
    ],
    rows,
  })
  return { results: { subjects: figures }, markdown }
}
