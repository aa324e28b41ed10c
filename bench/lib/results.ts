import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where a figure comes from: the machine, the versions, the commit; and the file that keeps it. */

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url))

export interface Provenance {
  at: string
  /** Short hash; ends in `+changes` if tracked or new files differ from it. */
  commit: string
  machine: { cpu: string; cores: number; memoryGb: number; kernel: string; platform: string }
  versions: Record<string, string>
}

export function describeRun(packages: readonly string[]): Provenance {
  const all = cpus()
  return {
    at: new Date().toISOString(),
    commit: describeCommit(),
    machine: {
      cpu: all[0]?.model.trim() ?? 'unknown',
      cores: all.length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: {
      node: process.version,
      ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
    },
  }
}

/** Of the package as the benchmark itself resolves it. */
export function packageVersion(name: string): string {
  const text = readFileSync(join(REPOSITORY, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function describeCommit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' })
  const head = git('rev-parse', '--short', 'HEAD')
  if (head.status !== 0) return 'uncommitted'
  // Results of earlier runs do not change what is measured.
  const changes = git('status', '--porcelain', '--', '.', ':!bench/results')
  return head.stdout.trim() + (changes.stdout.trim() === '' ? '' : '+changes')
}

/**
 * Writes `bench/results/<workload>.json`, which is committed, and returns its path within the repository. What a run
 * with options of its own found goes to `bench/results/local/`, which is not: it would not compare with others.
 */
export function writeResults(workload: string, results: object, isDefault: boolean): string {
  const folder = isDefault ? '' : 'local/'
  mkdirSync(join(RESULTS, folder), { recursive: true })
  writeFileSync(join(RESULTS, folder, `${workload}.json`), `${JSON.stringify(results, null, 2)}\n`)
  return `bench/results/${folder}${workload}.json`
}
