// Where the browser for the tests is.
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const ELSEWHERE = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** `CHROMIUM_PATH`, or the first known name in the path; undefined when there is none. */
export function findChromium() {
  const inPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
  return [process.env.CHROMIUM_PATH, ...inPath, ...ELSEWHERE].find(isExecutable)
}

/** Installs Debian's where we may: on Debian and its kin, as root. Returns why not when it did not. */
export function installChromium() {
  if (process.platform !== 'linux' || !isExecutable('/usr/bin/apt-get')) return 'this is no Debian'
  if (process.geteuid() !== 0) return 'only root may install it'
  const install = ['install', '-y', '--no-install-recommends', 'chromium']
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
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
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
