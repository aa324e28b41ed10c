#!/usr/bin/env node
// Plain JavaScript on purpose: any Node from 14 on can read this file, find the runtime that can read the rest
// (TypeScript without a build step needs Node 24), and otherwise say in one sentence what to install.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const LOWEST_MAJOR = 24
/** Told to the runtime we start, so that it ends when we are killed without a chance to forward it. */
const LAUNCHED = 'PARLEY_LAUNCHED'

const major = Number(process.versions.node.split('.')[0])
const pinned = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url))

if (major >= LOWEST_MAJOR) {
  if (process.env[LAUNCHED] !== undefined) {
    delete process.env[LAUNCHED]
    process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
    if (process.channel) process.channel.unref()
  }
  import('../src/main.ts')
} else if (existsSync(pinned)) {
  relaunch()
} else {
  console.error(
    `Parley needs Node ${LOWEST_MAJOR} or newer and this is ${process.version}: run "npm ci" in Parley's folder ` +
      '(on Linux it brings the right one), or install Node 24 from https://nodejs.org.',
  )
  process.exitCode = 1
}

function relaunch() {
  const child = spawn(pinned, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), {
    env: Object.assign({}, process.env, { [LAUNCHED]: '1' }),
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(
      `Parley's own Node could not be started (${error.message}): install Node 24 from https://nodejs.org.`,
    )
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + constants.signals[signal] : code)
  })
}
