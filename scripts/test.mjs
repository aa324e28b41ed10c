// `npm test`: the checks, then every test, and a plain line at the end that a person or a program can read.
//   --no-checks  when `npm run check` has just been run
// Everything else is handed to vitest: npm test -- tests/server
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, installPackages, PROGRAMS } from './find-programs.mjs'
import { PROJECT } from './list-files.mjs'

const args = process.argv.slice(2)
const withChecks = !args.includes('--no-checks')
const rest = args.filter((arg) => arg !== '--no-checks')
const left = []
/** Linux's file system in memory, and what has to be free of it and of the memory. */
const MEMORY = '/dev/shm'
const MEMORY_MIN_BYTES = 8 * 1024 ** 3
const SKIPPED_SHOWN_MAX = 10

/**
 * A test that fails is run a second time: the machine may stand still for seconds because of work that is not ours, and
 * then a bound of time says nothing about Parley. The last lines name each that needed it, because one that needs it
 * often is wrong. Never a second time when messages were lost, doubled or out of order, a property was falsified, or a
 * program died of a bug: those tests are there for the race that shows itself in one run of a thousand, and no machine
 * is an excuse for it. `vitest run` by hand repeats nothing.
 */
const NEVER_AGAIN =
  'lost|missing|duplicat|doubled|twice|out.of.order|disorder|property failed|unexpected error'
const AGAIN = ['--retry.count=1', `--retry.condition=^(?![\\s\\S]*(?:${NEVER_AGAIN}))`]

// Beside the first tests, which wait for much and compute little.
const [checks, { code, passed, failed, skipped, repeated }] = await Promise.all([
  withChecks ? run(join(PROJECT, 'scripts/check.mjs'), []) : 0,
  runTests(),
])

if (checks !== 0) console.log('The checks failed; see above.')
for (const sentence of left) console.log(sentence)
// Whoever chooses some of them with -t skips all others.
if (skipped.length > 0 && skipped.length < SKIPPED_SHOWN_MAX) {
  console.log('Left out, because they need Linux and root (a small disk that they can fill):')
  for (const test of skipped) console.log(`  ${test}`)
}
if (repeated.length > 0) console.log('Passed only when run again:')
for (const { test, first } of repeated) console.log(`  ${test} (at first: ${first})`)
console.log(`${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`)
process.exitCode = checks === 0 && code === 0 ? 0 : 1

async function runTests() {
  const environment = preparePrograms()
  const directory = mkdtempSync(join(placeForData(), 'parley-tests-'))
  // Databases run as somebody else where root runs the tests.
  chmodSync(directory, 0o711)
  const report = join(directory, 'report.json')
  const reporters = ['--reporter=default', `--reporter=${join(PROJECT, 'scripts/count-tests.mjs')}`]
  const vitest = join(PROJECT, 'node_modules/vitest/vitest.mjs')
  try {
    const env = {
      ...environment.env,
      PARLEY_TEST_REPORT: report,
      TMPDIR: directory,
      // Programs under test are started some two hundred times; each finds what the first has compiled.
      NODE_COMPILE_CACHE: join(directory, 'compiled'),
    }
    const exit = await run(vitest, ['run', ...reporters, ...AGAIN, ...environment.args, ...rest], env)
    return { code: exit, ...readReport(report) }
  } finally {
    // A program that a test left may still write there.
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

/**
 * Servers under test write hundreds of small databases that nobody reads afterwards: in memory, where there is plenty,
 * the run takes a tenth less. Whoever sets TMPDIR has chosen.
 */
function placeForData() {
  try {
    if (process.env.TMPDIR !== undefined || noPrograms(MEMORY)) return tmpdir()
    const { bavail, bsize } = statfsSync(MEMORY)
    return Math.min(bavail * bsize, freemem()) < MEMORY_MIN_BYTES ? tmpdir() : MEMORY
  } catch {
    return tmpdir()
  }
}

/** Whether none may be run from there. */
function noPrograms(place) {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === place)
  return mount === undefined || mount.split(' ')[3].split(',').includes('noexec')
}

/** Without a browser or an engine the rest still runs, and the last lines say what did not. */
function preparePrograms() {
  const ids = Object.keys(PROGRAMS)
  let missing = ids.filter((id) => findProgram(id) === undefined)
  let reason
  if (missing.length > 0) {
    const packages = missing.flatMap((id) => PROGRAMS[id].packages)
    console.log(`Installing for the tests: ${packages.join(', ')} …`)
    reason = installPackages(packages)
    missing = ids.filter((id) => findProgram(id) === undefined)
  }
  const args = []
  if (missing.includes('chromium')) {
    args.push('--project', '!browser')
    left.push(
      `The browser tests were left out, because there is no Chromium (${reason}). Install it ("sudo apt-get install chromium"), or set CHROMIUM_PATH to a Chromium or Chrome, and run npm test again.`,
    )
  }
  const engines = missing.filter((id) => id !== 'chromium').flatMap((id) => PROGRAMS[id].packages)
  if (engines.length > 0) {
    args.push('--project', '!engines', '--exclude', 'tests/browser/distributed.test.ts')
    left.push(
      `The tests of the distributed topology were left out, because these are missing: ${engines.join(', ')} (${reason}). Install them ("sudo apt-get install ${engines.join(' ')}") and run npm test again.`,
    )
  }
  const chromium = findProgram('chromium')
  return { args, env: chromium === undefined ? {} : { CHROMIUM_PATH: chromium } }
}

/** As scripts/count-tests.mjs wrote it; a run that came to no end has none. */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: [], repeated: [] }
  }
}

function run(script, scriptArgs, env = {}) {
  const child = spawn(process.execPath, [script, ...scriptArgs], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (exitCode) => resolve(exitCode ?? 1))
  })
}
