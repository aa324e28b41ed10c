import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '@parley/adapters/engines/free-port'
import { REPOSITORY } from './results.ts'
import { hasEnded, PARLEY, pidOf, stopProcess } from './servers.ts'

/** The distributed deployment under test: everything `parley cluster` starts, each role in processes of its own. */

const READY_TIMEOUT_MS = 120_000
const READY_POLL_MS = 50
/** Gateways, services and engines end one after the other. */
const STOP_TIMEOUT_MS = 60_000

export interface ClusterServer {
  /** Of nginx. */
  port: number
  /** Of the `ws` processes themselves, without nginx in between. */
  gatewayPorts: number[]
  redisUrl: string
  /** Of the program that started all others. */
  pid: number
  stop(): Promise<void>
}

/** `parley cluster` with rate limits off and only warnings logged. Rejects if it ends, or is not ready within 120 s. */
export async function startCluster(): Promise<ClusterServer> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  const port = await freePort()
  const env = {
    ...process.env,
    PARLEY_PORT: String(port),
    PARLEY_HOST: '127.0.0.1',
    PARLEY_DATA: directory,
    PARLEY_RATE_LIMITS: 'off',
    PARLEY_WEB: 'off',
    PARLEY_LOG: 'warn',
  }
  const child = spawn(process.execPath, [PARLEY, 'cluster'], {
    cwd: REPOSITORY,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  // Waiting for each other at the start is no news; what it last said is, if the start fails.
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2_000)
  })
  const stop = async () => {
    await stopProcess(child, STOP_TIMEOUT_MS)
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const deadline = performance.now() + READY_TIMEOUT_MS
  // The table of processes follows the sentence, and its last lines are those of the http processes.
  while ((addressesOf(said, 'parley http').length < 2 || !said.includes('is ready at')) && !hasEnded(child)) {
    if (performance.now() > deadline) break
    await delay(READY_POLL_MS)
  }
  const gatewayPorts = addressesOf(said, 'parley ws').map((address) => Number(address.split(':')[1]))
  const [redis] = addressesOf(said, 'Redis')
  if (hasEnded(child) || gatewayPorts.length < 2 || redis === undefined) {
    await stop()
    throw new Error(`the cluster did not start:\n${complaints}`)
  }
  return { port, gatewayPorts, redisUrl: `redis://${redis}`, pid: pidOf(child), stop }
}

/** Where the processes of a name listen, from the printed table. */
function addressesOf(table: string, name: string): string[] {
  return [...table.matchAll(/^(\S.*?) {2,}\d+ +ready +(\S+:\d+)/gm)]
    .filter(([, label]) => label === name)
    .map(([, , address]) => address ?? '')
}
