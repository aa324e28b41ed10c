// `npm run check`: everything that can be seen without running the program. Two at a time, because the smallest
// machine it runs on has two cores.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { PROJECT } from './list-files.mjs'

const AT_ONCE = 2
const BIN = join(PROJECT, 'node_modules/.bin')

const checks = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the web client', command: ['tsc', '-p', 'apps/web/tsconfig.json'] },
  {
    name: 'format and lint',
    command: ['biome', 'check', '--error-on-warnings', '--diagnostic-level=warn', '.'],
  },
  { name: 'import direction', command: ['node', 'scripts/check-imports.mjs'] },
  { name: 'lockfile', command: ['node', 'scripts/complete-lockfile.mjs', '--check'] },
  { name: 'tidiness', command: ['node', 'scripts/check-tidy.mjs'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
]

if (!existsSync(join(BIN, 'tsc'))) {
  console.error('The tools are not installed: run "npm ci" first.')
  process.exit(2)
}
const queue = [...checks]
let failed = 0
await Promise.all(Array.from({ length: AT_ONCE }, work))
console.log(failed === 0 ? 'All checks passed.' : `${failed} of the checks failed.`)
process.exitCode = failed === 0 ? 0 : 1

async function work() {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const startedAt = performance.now()
    const { code, output } = await run(check.command)
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`)
    if (code === 0) continue
    failed++
    console.log(output.trimEnd())
  }
}

function run([command, ...args]) {
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}` }
  const child = spawn(command === 'node' ? process.execPath : join(BIN, command), args, {
    cwd: PROJECT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: String(error) }))
    child.on('close', (code) => resolve({ code, output }))
  })
}
