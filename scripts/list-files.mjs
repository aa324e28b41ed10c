// The files of the project: what Git knows or would take, or, where the sources came without Git, what is there.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('..', import.meta.url))

const NOT_OURS = new Set(['node_modules', 'dist', '.git', 'data', 'coverage', 'test-results'])

/** Paths from the project's folder, with forward slashes. */
export function listFiles() {
  if (!existsSync(join(PROJECT, '.git'))) return walk('')
  const options = { cwd: PROJECT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
  const text = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options)
  return text.split('\0').filter((path) => path !== '' && existsSync(join(PROJECT, path)))
}

function walk(directory) {
  return readdirSync(join(PROJECT, directory), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return []
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    return entry.isDirectory() ? walk(path) : [path]
  })
}
