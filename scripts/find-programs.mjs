// Programs that tests need and npm does not bring: a browser, and the engines of the distributed topology.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const SBIN = ['/usr/sbin', '/usr/local/sbin', '/usr/lib/rabbitmq/bin', '/opt/homebrew/bin']

/** What each is called, where else it may lie, and Debian's packages. */
export const PROGRAMS = {
  chromium: {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    paths: [
      process.env.CHROMIUM_PATH,
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    packages: ['chromium'],
  },
  redis: { names: ['redis-server', 'valkey-server'], paths: [], packages: ['redis-server'] },
  rabbitmq: { names: ['rabbitmq-server'], paths: [], packages: ['rabbitmq-server'] },
  nginx: { names: ['nginx'], paths: [], packages: ['nginx'] },
  // A server that speaks S3.
  swift: {
    names: ['swift-proxy-server'],
    paths: [],
    packages: ['swift-proxy', 'swift-account', 'swift-container', 'swift-object'],
  },
  // Relays sound and pictures.
  turn: { names: ['turnserver'], paths: [], packages: ['coturn'] },
  // Passes on sound and pictures in large calls.
  janus: { names: ['janus'], paths: [], packages: ['janus'] },
  // With pg_dump and its kin of the same version beside it: the embedded one has none.
  postgresql: { names: ['postgres'], paths: debianPostgres(), packages: ['postgresql'] },
}

/** Debian keeps the versions side by side, out of the path; the newest first. */
function debianPostgres() {
  const place = '/usr/lib/postgresql'
  if (!existsSync(place)) return []
  const versions = readdirSync(place).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(place, version, 'bin/postgres'))
}

/** Its path; undefined when it is not there. */
export function findProgram(id) {
  const { names, paths } = PROGRAMS[id]
  const places = [...(process.env.PATH ?? '').split(delimiter), ...SBIN]
  return [...paths, ...names.flatMap((name) => places.map((place) => join(place, name)))].find(isExecutable)
}

/** Installs Debian's packages where we may: on Debian and its kin, as root. Returns why not when it did not. */
export function installPackages(packages) {
  if (process.platform !== 'linux' || !isExecutable('/usr/bin/apt-get')) return 'this is no Debian'
  if (process.geteuid() !== 0) return 'only root may install'
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  try {
    runApt(install)
  } catch {
    // A fresh container has no list of packages yet.
    try {
      runApt(['update'])
      runApt(install)
    } catch (error) {
      return `apt-get failed: ${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)}`
    }
  }
  return undefined
}

function runApt(args) {
  // In run level 1 Debian starts no service of a package: the tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  execFileSync('apt-get', args, { stdio: ['ignore', 'ignore', 'pipe'], env, timeout: 300_000 })
}

function isExecutable(path) {
  if (path === undefined || path === '') return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
