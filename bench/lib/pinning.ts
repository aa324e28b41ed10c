import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { allowedCores, processTree } from './processes.ts'

/** Which process runs on which core: servers on one, the load on another, so that neither takes from the other. */

export interface Pinning {
  /** Absent when nothing is pinned. */
  cores?: { server: number; load: number }
  /** One sentence for the report. */
  description: string
}

export function choosePinning(): Pinning {
  const unpinned = (why: string) => ({ description: `not pinned: ${why}; figures move with the scheduler` })
  if (spawnSync('taskset', ['--version']).status !== 0) return unpinned('taskset (util-linux) is missing')
  const [server, load] = allowedCores()
  if (server === undefined || load === undefined) return unpinned('fewer than two cores')
  return {
    cores: { server, load },
    description: `server under test, with its PostgreSQL where it has one, on core ${server}; load generator on core ${load}`,
  }
}

export interface SpawnOptions {
  core: number | undefined
  env?: Record<string, string>
  stdio: StdioOptions
  cwd: string
}

/** Starts this Node on a core, or anywhere when `core` is undefined. */
export function spawnNode(args: string[], options: SpawnOptions): ChildProcess {
  const { core, env, stdio, cwd } = options
  const command = core === undefined ? [] : ['taskset', '-c', String(core)]
  const [file = process.execPath, ...rest] = [...command, process.execPath, ...args]
  return spawn(file, rest, { cwd, stdio, env: { ...process.env, ...env } })
}

/**
 * Moves a running process, its threads and all its descendants to one core. Processes they start later inherit it.
 * Throws if the kernel refuses for one that still lives.
 */
export function pinTree(root: number, core: number): void {
  for (const { pid, name } of processTree(root)) {
    const outcome = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { encoding: 'utf8' })
    const gone = !processTree(pid).some((stat) => stat.pid === pid)
    if (outcome.status !== 0 && !gone)
      throw new Error(`${name} could not be pinned: ${outcome.stderr.trim()}`)
  }
}
