import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { type ClusterServer, startCluster } from '../lib/cluster.ts'
import { type BenchUser, parleyRest } from '../lib/parley-rest.ts'
import { processLabel, processTree, residentBytes } from '../lib/processes.ts'
import { formatCount, markdownTable } from '../lib/report.ts'
import { startParley } from '../lib/servers.ts'
import { type BenchContext, option, type Workload, type WorkloadReport } from '../lib/workload.ts'

/**
 * One large file into the server and out again: what the processes need more of memory meanwhile than before, and
 * whether the same bytes come back. Embedded, and through a whole deployment behind nginx.
 */

const MB = 1_000_000
const BOUNDARY = 'parley-bench'
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n`
const TAIL = `\r\n--${BOUNDARY}--\r\n`
/** The first transfer loads code and grows pools; it is not what is asked about. */
const WARM_UP_BYTES = 5 * MB
const SUBJECTS = ['embedded', 'cluster'] as const

export const workload: Workload = {
  title: 'upload: a large file in and out, memory of each process',
  defaults: { megabytes: 1000, 'sample-ms': 50 },
  pinned: false,
  packages: [],
  run,
}

interface Growth {
  beforeBytes: number
  peakBytes: number
  growthBytes: number
}

interface Transfer {
  seconds: number
  /** By the process's name and number. */
  processes: Record<string, Growth>
}

interface Outcome {
  bytes: number
  upload: Transfer
  download: Transfer
  sha256: string
  sameBytesBack: boolean
}

async function run(context: BenchContext): Promise<WorkloadReport> {
  const outcomes: Record<string, Outcome> = {}
  for (const subject of SUBJECTS) {
    if (context.only.length > 0 && !context.only.includes(subject)) continue
    const server = await (subject === 'embedded' ? startParley() : startCluster())
    context.own(() => server.stop())
    outcomes[subject] = await measure(context, server)
    await server.stop()
    const { upload, download, sameBytesBack } = outcomes[subject]
    context.log(
      `${subject}: up ${largest(upload)}, down ${largest(download)}, ${sameBytesBack ? 'the same bytes back' : 'OTHER BYTES BACK'}`,
    )
  }
  return { results: outcomes, markdown: report(outcomes) }
}

async function measure(context: BenchContext, server: Pick<ClusterServer, 'port' | 'pid'>): Promise<Outcome> {
  const [user] = (await parleyRest(server.port).register(1, () => {})) as [BenchUser]
  const bytes = option(context, 'megabytes') * MB
  const door = { port: server.port, token: user.token }
  const warm = await send(door, WARM_UP_BYTES)
  await receive(door, warm.id)
  const watched = <Result>(work: () => Promise<Result>) =>
    watch(server.pid, option(context, 'sample-ms'), work)
  const up = await watched(() => send(door, bytes))
  const down = await watched(() => receive(door, up.result.id))
  return {
    bytes,
    upload: up.transfer,
    download: down.transfer,
    sha256: up.result.sha256,
    sameBytesBack: up.result.sha256 === down.result.sha256 && down.result.bytes === bytes,
  }
}

/** Looks at every process of the server but its engines while the work goes on. */
async function watch<Result>(
  root: number,
  everyMs: number,
  work: () => Promise<Result>,
): Promise<{ result: Result; transfer: Transfer }> {
  const pids = processTree(root).flatMap(({ pid }) => {
    const label = processLabel(pid)
    return label.startsWith('parley') ? [{ pid, label: `${label} ${pid}` }] : []
  })
  if (pids.length === 0) throw new Error('the processes of the server cannot be seen here (it needs /proc)')
  const before = new Map(pids.map(({ pid }) => [pid, residentBytes(pid)]))
  const peak = new Map(before)
  const look = (): void => {
    for (const { pid } of pids) peak.set(pid, Math.max(peak.get(pid) ?? 0, residentBytes(pid)))
  }
  const timer = setInterval(look, everyMs)
  const startedAt = performance.now()
  try {
    const result = await work()
    look()
    const seconds = (performance.now() - startedAt) / 1000
    const processes = Object.fromEntries(
      pids.map(({ pid, label }) => {
        const beforeBytes = before.get(pid) ?? 0
        const peakBytes = peak.get(pid) ?? 0
        return [label, { beforeBytes, peakBytes, growthBytes: peakBytes - beforeBytes }]
      }),
    )
    return { result, transfer: { seconds, processes } }
  } finally {
    clearInterval(timer)
  }
}

interface Door {
  readonly port: number
  readonly token: string
}

/** Bytes that are nothing in particular, each megabyte another one. */
function send({ port, token }: Door, bytes: number): Promise<{ id: string; sha256: string }> {
  const hash = createHash('sha256')
  const { promise, resolve, reject } = Promise.withResolvers<{ id: string; sha256: string }>()
  const call = request({
    port,
    path: '/api/v1/files',
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': HEAD.length + bytes + TAIL.length,
    },
  })
  call.once('error', reject)
  call.once('response', (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      if (response.statusCode !== 201) return reject(new Error(`the upload was answered with ${text}`))
      const { file } = JSON.parse(text) as { file: { id: string } }
      resolve({ id: file.id, sha256: hash.digest('hex') })
    })
  })
  call.write(HEAD)
  let sent = 0
  const go = (): void => {
    while (sent < bytes && !call.destroyed) {
      const block = Buffer.alloc(Math.min(MB, bytes - sent), (sent / MB) & 255)
      block.writeUInt32LE(sent >>> 0, 0)
      hash.update(block)
      sent += block.length
      if (!call.write(block)) return void call.once('drain', go)
    }
    call.end(TAIL)
  }
  go()
  return promise
}

function receive({ port, token }: Door, id: string): Promise<{ bytes: number; sha256: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ bytes: number; sha256: string }>()
  const headers = { authorization: `Bearer ${token}` }
  const call = request({ port, path: `/api/v1/files/${id}`, headers }, (response) => {
    const hash = createHash('sha256')
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      bytes += chunk.length
    })
    response.once('error', reject)
    response.once('end', () => resolve({ bytes, sha256: hash.digest('hex') }))
  })
  call.once('error', reject).end()
  return promise
}

/** The process that grew most. */
function largest({ seconds, processes }: Transfer): string {
  const [label = '', growth] =
    Object.entries(processes).toSorted(([, a], [, b]) => b.growthBytes - a.growthBytes)[0] ?? []
  return `${seconds.toFixed(1)} s, at most +${mb(growth?.growthBytes ?? 0)} (${label.replace(/ \d+$/, '')})`
}

/** Processes that a transfer passes through; the others only lie beside it. */
const SHOWN_FROM_BYTES = 5 * MB

function report(outcomes: Record<string, Outcome>): string {
  const rows = Object.entries(outcomes).flatMap(([subject, outcome]) =>
    (['upload', 'download'] as const).flatMap((direction) =>
      Object.entries(outcome[direction].processes)
        .filter(([, { growthBytes }]) => growthBytes >= SHOWN_FROM_BYTES)
        .map(([label, { beforeBytes, peakBytes, growthBytes }]) => [
          `${subject}, ${direction} of ${mb(outcome.bytes)}`,
          label.replace(/ \d+$/, ''),
          mb(beforeBytes),
          mb(peakBytes),
          mb(growthBytes),
          `${outcome[direction].seconds.toFixed(1)} s`,
          outcome.sameBytesBack ? 'yes' : 'NO',
        ]),
    ),
  )
  return markdownTable({
    columns: [
      { title: 'upload', align: 'left' },
      { title: 'process', align: 'left' },
      { title: 'before', align: 'right' },
      { title: 'peak', align: 'right' },
      { title: 'growth', align: 'right' },
      { title: 'took', align: 'right' },
      { title: 'same bytes back', align: 'right' },
    ],
    rows,
  })
}

function mb(bytes: number): string {
  return `${formatCount(bytes / MB)} MB`
}
