import { readdirSync, readFileSync } from 'node:fs'

/**
 * What the kernel says of processes and cores, from `/proc` (Linux only; elsewhere the lists are empty and the
 * figures that need them are left out).
 */

/** The kernel counts processor time in hundredths of a second for user space, whatever its own tick is. */
const MS_PER_KERNEL_TICK = 10

interface ProcessStat {
  pid: number
  parent: number
  name: string
  cpuMs: number
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // a process may end between being listed and being read
  }
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readText(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The name is in parentheses and may itself hold spaces and parentheses.
  const nameEnd = text.lastIndexOf(')')
  const fields = text.slice(nameEnd + 2).split(' ')
  return {
    pid,
    parent: Number(fields[1]),
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_KERNEL_TICK,
  }
}

/** The process and all its living descendants. */
export function processTree(root: number): ProcessStat[] {
  let listing: string[]
  try {
    listing = readdirSync('/proc')
  } catch {
    return []
  }
  const all = listing
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
  const tree = all.filter((stat) => stat.pid === root)
  for (let i = 0; i < tree.length; i++) {
    const parent = tree[i]?.pid
    tree.push(...all.filter((stat) => stat.parent === parent && stat.pid !== parent))
  }
  return tree
}

/** False for a process that has ended, even if nobody has collected its exit code yet. */
export function isRunning(pid: number): boolean {
  const text = readText(`/proc/${pid}/stat`)
  return text !== undefined && !/\) [ZX] /.test(text)
}

export interface TreeCpu {
  /** Everything but the database: the server's own processes. */
  serverMs: number
  databaseMs: number
}

/** Processor time used so far by a server and by the PostgreSQL processes below it. */
export function treeCpu(root: number): TreeCpu {
  const cpu = { serverMs: 0, databaseMs: 0 }
  for (const stat of processTree(root)) {
    if (stat.name.startsWith('postgres')) cpu.databaseMs += stat.cpuMs
    else cpu.serverMs += stat.cpuMs
  }
  return cpu
}

/** Processor time used so far, in milliseconds, of each process below `root` and of itself: its name, then its id. */
export function cpuByProcess(root: number): Map<string, number> {
  return new Map(processTree(root).map(({ pid, name, cpuMs }) => [`${name} ${pid}`, cpuMs]))
}

export interface Memory {
  rssBytes: number
  /** Proportional: a page shared by n processes counts 1/n in each, so a tree's sum counts it once. */
  pssBytes: number
}

/** Resident memory of one process; `undefined` if it is gone or may not be read. */
export function processMemory(pid: number): Memory | undefined {
  const text = readText(`/proc/${pid}/smaps_rollup`)
  if (text === undefined) return undefined
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return { rssBytes: kilobytes('Rss') * 1024, pssBytes: kilobytes('Pss') * 1024 }
}

/** The same without the proportional part, at a hundredth of the price; 0 once it is gone. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024
}

/** How it looks in a list of processes, which a program of ours sets itself. */
export function processLabel(pid: number): string {
  return (readText(`/proc/${pid}/cmdline`) ?? '').split('\0')[0] ?? ''
}

/** Busy milliseconds of one core since boot, softirq and steal included. `undefined` where `/proc` has no such core. */
export function coreBusyMs(core: number): number | undefined {
  const line = readText('/proc/stat')
    ?.split('\n')
    .find((text) => text.startsWith(`cpu${core} `))
  if (line === undefined) return undefined
  const [user, nice, system, , , irq, softirq, steal] = line.split(/\s+/).slice(1).map(Number)
  const ticks = [user, nice, system, irq, softirq, steal].reduce<number>(
    (sum, value) => sum + (value ?? 0),
    0,
  )
  return ticks * MS_PER_KERNEL_TICK
}

/** The cores this process may run on, in order. */
export function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readText('/proc/self/status') ?? '')?.[1]
  if (list === undefined) return []
  return list.split(',').flatMap((range) => {
    const [first, last] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
  })
}
