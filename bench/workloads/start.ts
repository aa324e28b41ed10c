import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type BenchUser, eachBounded, parleyRest } from '../lib/parley-rest.ts'
import { processMemory, processTree } from '../lib/processes.ts'
import { formatCount, markdownTable } from '../lib/report.ts'
import { startParley } from '../lib/servers.ts'
import { type Spread, spread } from '../lib/statistics.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'

/**
 * W10: `npm start` on a database that has something in it, until the first page is served; then, after a while
 * without a visitor, what everything keeps in memory. Nothing is pinned: this is a user's machine.
 */

export const workload: Workload = {
  title: 'start (W10): npm start on a stored database to the first page; idle memory',
  defaults: { rounds: 5, 'idle-seconds': 10, users: 20, messages: 1000 },
  pinned: false,
  packages: [],
  run,
}

interface Idle {
  /** Everything below npm, pages that processes share counted once. */
  totalBytes: number
  serverBytes: number
  databaseBytes: number
  /** The sum of resident sizes, shared pages counted in each process. */
  rssSumBytes: number
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  context.own(() => rm(dataDirectory, { recursive: true, force: true }))
  const firstStartMs = await fill(context, dataDirectory)
  const startMs: number[] = []
  const idle: Idle[] = []
  for (let round = 1; round <= option(context, 'rounds'); round++) {
    const server = await startParley({ dataDirectory, throughNpm: true, readyPath: '/' })
    context.own(server.stop)
    startMs.push(server.readyMs)
    await delay(option(context, 'idle-seconds') * 1000)
    idle.push(idleMemory(server.pid))
    await server.stop()
    context.log(
      `round ${round}: ${seconds(server.readyMs)} to the first page, idle ${mb(idle.at(-1)?.totalBytes ?? 0)}`,
    )
  }
  return report(firstStartMs, spread(startMs), idle)
}

/** Makes the stored database; resolves to how long the very first start took, until `/readyz`. */
async function fill(context: BenchContext, dataDirectory: string): Promise<number> {
  const server = await startParley({ dataDirectory })
  context.own(server.stop)
  const rest = parleyRest(server.port)
  const users = await rest.register(option(context, 'users'), () => {})
  const [owner, ...others] = users as [BenchUser, ...BenchUser[]]
  const room = await rest.createPublicRoom(owner, 'Everybody')
  await rest.join(room, others)
  await eachBounded(option(context, 'messages'), async (i) => {
    await rest.send(
      room,
      users[i % users.length] as BenchUser,
      `bench-start-${i}`,
      `Message ${i} of a stored past.`,
    )
  })
  await server.stop()
  context.log(`first start, on an empty directory: ${seconds(server.readyMs)}`)
  return server.readyMs
}

/** npm itself and its shell, which only wait, are left out. */
function idleMemory(npm: number): Idle {
  const idle = { totalBytes: 0, serverBytes: 0, databaseBytes: 0, rssSumBytes: 0 }
  for (const { pid, name } of processTree(npm)) {
    const memory = processMemory(pid)
    if (pid === npm || name === 'sh' || memory === undefined) continue
    idle.totalBytes += memory.pssBytes
    idle.rssSumBytes += memory.rssBytes
    if (name.startsWith('postgres')) idle.databaseBytes += memory.pssBytes
    else idle.serverBytes += memory.pssBytes
  }
  if (idle.serverBytes === 0) throw new Error('the memory of the server cannot be read here (it needs /proc)')
  return idle
}

function report(firstStartMs: number, startMs: Spread, idle: Idle[]): WorkloadReport {
  const figures = {
    total: spread(idle.map(({ totalBytes }) => totalBytes)),
    server: spread(idle.map(({ serverBytes }) => serverBytes)),
    database: spread(idle.map(({ databaseBytes }) => databaseBytes)),
    rssSum: spread(idle.map(({ rssSumBytes }) => rssSumBytes)),
  }
  const row = (label: string, figure: Spread, format: (value: number) => string) => [
    label,
    format(figure.median),
    `${format(figure.min)} – ${format(figure.max)}`,
  ]
  const markdown = markdownTable({
    columns: [
      { title: 'start', align: 'left' },
      { title: 'median', align: 'right' },
      { title: 'min – max', align: 'right' },
    ],
    rows: [
      ['first start on an empty directory, to ready', seconds(firstStartMs), ''],
      row('npm start on stored data, to the first page', startMs, seconds),
      row('idle memory, server and PostgreSQL (shared pages once)', figures.total, mb),
      row('  of it the server', figures.server, mb),
      row('  of it PostgreSQL', figures.database, mb),
      row('idle RSS summed (shared pages in each process)', figures.rssSum, mb),
    ],
  })
  return { results: { firstStartMs, startMs, idleBytes: figures }, markdown }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

function mb(bytes: number): string {
  return `${formatCount(bytes / 1e6)} MB`
}
