/** One command of the program, run to its end. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { testEnvironment } from '../support/test-server.ts'

export const PROGRAM = join(import.meta.dirname, '../../apps/server/bin/parley.mjs')
const TIMEOUT_MS = 40_000

export interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

export function runParley(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: testEnvironment({ PARLEY_WEB: 'off', PARLEY_LOG: 'silent', ...settings }),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.on('close', (code) => resolve({ code, output, errors }))
  return promise
}

/** Removed when the test is over. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-command-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
