// Plain JavaScript on purpose: it must start under any Node and find the one that runs TypeScript directly.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LOWEST_MAJOR = 24
const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const pinned = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))

const isNewEnough = Number(process.versions.node.split('.')[0]) >= LOWEST_MAJOR
if (!isNewEnough && !existsSync(pinned)) {
  console.error(
    `The suite needs Node ${LOWEST_MAJOR} or newer; this is ${process.version}. Run "npm ci" first, or install one.`,
  )
  process.exit(2)
}

const child = spawn(isNewEnough ? process.execPath : pinned, [main, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
