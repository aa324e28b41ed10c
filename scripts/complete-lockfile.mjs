// A registry that mirrors only some platforms makes `npm install` leave the others out of package-lock.json, and then
// `npm ci` refuses the lockfile everywhere: "Missing: … from lock file". This writes the entries that belong to packages
// in the lockfile, from their names and versions; npm skips what is not for its machine without asking for more.
//   node scripts/complete-lockfile.mjs           after every npm install
//   node scripts/complete-lockfile.mjs --check   only says what is missing
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROJECT } from './list-files.mjs'

const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/** Entries that the lockfile's `packages` should have, by their key. */
export function missingEntries(packages) {
  const missing = {}
  for (const [place, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isThere(packages, place, name)) continue
      missing[`node_modules/${name}`] = {
        version,
        ...(entry.dev ? { dev: true } : {}),
        ...platformOf(name),
        optional: true,
      }
    }
  }
  return missing
}

/** As Node looks for it: in the package's own node_modules, then in each one above. */
function isThere(packages, place, name) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`] !== undefined)
      return true
    if (folder === '') return false
  }
}

/** `@scope/binding-linux-arm-musleabihf` → what npm compares with its machine. */
function platformOf(name) {
  const words = name.split(/[-/]/)
  const os = SYSTEMS.filter((system) => words.includes(system))
  const cpu = PROCESSORS.filter((processor) => words.includes(processor))
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : []
  return {
    ...(cpu.length === 0 ? {} : { cpu }),
    ...(os[0] === 'linux' && libc.length > 0 ? { libc } : {}),
    ...(os.length === 0 ? {} : { os }),
  }
}

function main() {
  const path = join(PROJECT, 'package-lock.json')
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingEntries(lock.packages)
  const names = Object.keys(missing)
  if (process.argv.includes('--check')) {
    for (const name of names)
      console.error(`package-lock.json lacks ${name}: run "node scripts/complete-lockfile.mjs"`)
    if (names.length > 0) process.exitCode = 1
    return
  }
  const packages = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1))
  if (names.length > 0)
    writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`)
  console.log(`${names.length} entries added`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
