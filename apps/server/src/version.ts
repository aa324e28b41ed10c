import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Folder of the whole program: the repository, or where it was unpacked. */
export const PROGRAM_DIRECTORY = join(import.meta.dirname, '../../..')

/** Version of this Parley, from `package.json`. */
export function readVersion(): string {
  const text = readFileSync(join(PROGRAM_DIRECTORY, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
