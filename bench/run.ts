import { parseArgs } from 'node:util'
import { choosePinning } from './lib/pinning.ts'
import { describeRun, type Provenance, writeResults } from './lib/results.ts'
import type { BenchContext, Workload } from './lib/workload.ts'

/** `npm run bench [-- <workload> [--option value …]]`: see README.md beside this file. */

const WORKLOADS: Record<string, () => Promise<{ workload: Workload }>> = {
  fanout: () => import('./workloads/fanout.ts'),
  memory: () => import('./workloads/memory.ts'),
  start: () => import('./workloads/start.ts'),
  rooms: () => import('./workloads/rooms.ts'),
  scale: () => import('./workloads/scale.ts'),
  archive: () => import('./workloads/archive.ts'),
  upload: () => import('./workloads/upload.ts'),
  calls: () => import('./workloads/calls.ts'),
}

const USAGE = `npm run bench                        every workload, one after the other
npm run bench -- <workload>          one of: ${Object.keys(WORKLOADS).join(', ')}
npm run bench -- <workload> --help   its options and their defaults
      --only a,b                     only these servers (fanout, rooms, memory, scale)
`

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === '--help' || name === '-h') {
    process.stdout.write(USAGE)
    return 0
  }
  if (name !== undefined && WORKLOADS[name] === undefined) {
    process.stderr.write(`There is no workload "${name}".\n${USAGE}`)
    return 2
  }
  let status = 0
  for (const id of name === undefined ? Object.keys(WORKLOADS) : [name]) {
    status = Math.max(status, await runWorkload(id, rest))
  }
  return status
}

async function runWorkload(id: string, args: string[]): Promise<number> {
  const module = await WORKLOADS[id]?.()
  if (module === undefined) return 2
  const { workload } = module
  const given = readOptions(workload, args)
  if (given === undefined) return 2
  if (given.help) {
    const lines = Object.entries(workload.defaults).map(([key, value]) => `  --${key} ${value}`)
    process.stdout.write(`${workload.title}\n${lines.join('\n')}\n`)
    return 0
  }
  const stops: (() => Promise<void>)[] = []
  const stopAll = async () => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
  }
  const abort = () => void stopAll().finally(() => process.exit(130))
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  const pinning = workload.pinned ? choosePinning() : { description: 'nothing pinned' }
  const context: BenchContext = { pinning, ...given, log, progress, own: (stop) => stops.push(stop) }
  try {
    log(`${workload.title}\n${pinning.description}`)
    const { results, markdown } = await workload.run(context)
    const provenance = describeRun(workload.packages)
    const pinned = pinning.description
    const file = { workload: id, ...provenance, pinning: pinned, options: given.options, ...results }
    const path = writeResults(id, file, args.length === 0)
    log(`\n${markdown}\n\n${sourceLine(provenance, pinned)}\nwritten to ${path}\n`)
    return 0
  } catch (error) {
    log(`${id} gave no result: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
    return 1
  } finally {
    await stopAll()
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

interface Given {
  options: Record<string, number>
  only: string[]
  help: boolean
}

/** Undefined, with a sentence on standard error, for an option the workload does not have or that is no number. */
function readOptions(workload: Workload, args: string[]): Given | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        only: { type: 'string' },
        ...Object.fromEntries(
          Object.keys(workload.defaults).map((key) => [key, { type: 'string' as const }]),
        ),
      },
    })
    const options = { ...workload.defaults }
    for (const key of Object.keys(workload.defaults)) {
      const text = (values as Record<string, string | undefined>)[key]
      if (text === undefined) continue
      const value = Number(text)
      if (!(value > 0)) throw new Error(`--${key} takes a positive number, not "${text}"`)
      options[key] = value
    }
    return { options, only: values.only?.split(',') ?? [], help: values.help ?? false }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    return undefined
  }
}

function sourceLine({ at, commit, machine, versions }: Provenance, pinned: string): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}; ${packages.join(', ')}; commit ${commit}; ${at.slice(0, 10)}. Medians; ${pinned}.`
}

function log(line: string): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
  process.stdout.write(`${line}\n`)
}

function progress(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`)
}

process.exitCode = await main(process.argv.slice(2))
