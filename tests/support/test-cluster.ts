/** `parley cluster` as a child process: the whole distributed deployment, on free ports and its own data directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort, recentServers, testEnvironment } from './test-server.ts'

const PROGRAM = join(import.meta.dirname, '../../apps/server/bin/parley.mjs')
const START_MAX_MS = 120_000
const STOP_MAX_MS = 60_000
const POLL_MS = 50
const RETURN_MAX_MS = 30_000

/** How the processes of a cluster look in the list of processes. */
const looks = {
  auth: /^parley auth/,
  sessions: /^parley sessions/,
  rooms: /^parley rooms/,
  notifications: /^parley notifications/,
  scheduler: /^parley scheduler/,
  calls: /^parley calls/,
  ws: /^parley ws/,
  http: /^parley http/,
  nginx: /^nginx: master/,
  redis: /redis-server/,
  rabbitmq: /beam(\.smp)? /,
  postgres: /postgres.* -D /,
} as const
export type ClusterPart = keyof typeof looks
const PARTS = Object.keys(looks) as ClusterPart[]

export interface TestCluster {
  /** Of nginx. */
  readonly url: string
  readonly dataDirectory: string
  output(): string
  /** With what an operator's commands reach it, from the file that the cluster writes. */
  operatorSettings(): Promise<Record<string, string>>
  /** Process ids of a part, ascending. */
  pids(part: ClusterPart): Promise<number[]>
  everyPid(): Promise<number[]>
  /** Where each gateway listens for people, and its process. */
  gateways(): Promise<{ readonly pid: number; readonly url: string }[]>
  signal(part: ClusterPart, signal: NodeJS.Signals, which?: number): Promise<void>
  /** Ends one process of the part, or all of them, by SIGKILL if nothing else is said; resolves when as many others run and serve. */
  killAndAwait(part: ClusterPart, which?: number, signal?: NodeJS.Signals): Promise<void>
  /** SIGKILL of the program that started all of it. */
  kill(): Promise<void>
  /** SIGTERM, and what it ended with; removes the data directory. */
  stop(): Promise<{ code: number | null; signal: string | null }>
}

/** Resolves when it has printed its URL. */
export async function startTestCluster(env: Readonly<Record<string, string>> = {}): Promise<TestCluster> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parley-cluster-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [PROGRAM, 'cluster'], {
    env: testEnvironment({
      PARLEY_PORT: String(port),
      PARLEY_DATA: dataDirectory,
      PARLEY_RATE_LIMITS: 'off',
      PARLEY_WEB: 'off',
      ...env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  recentServers.add({
    url,
    output: () => said,
    get ended() {
      return hasEnded()
    },
  })
  const deadline = performance.now() + START_MAX_MS
  while (!said.includes('Parley is ready at')) {
    if (hasEnded() || performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`the cluster did not start:\n${said}`)
    }
    await delay(POLL_MS)
  }
  return present({ url, dataDirectory, child, output: () => said })
}

function present(parts: {
  url: string
  dataDirectory: string
  child: ChildProcess
  output: () => string
}): TestCluster {
  const { url, dataDirectory, child, output } = parts
  const pids = async (part: ClusterPart) => {
    const alike = (await listBelow(child.pid ?? 0)).filter((one) => looks[part].test(one.title))
    // What an engine forks carries its title for a moment.
    return alike
      .filter((one) => !alike.some(({ pid }) => pid === one.parent))
      .map((one) => one.pid)
      .sort((a, b) => a - b)
  }
  const chosen = async (part: ClusterPart, which: number | undefined) => {
    const found = await pids(part)
    return which === undefined ? found : found.slice(which, which + 1)
  }
  return {
    url,
    dataDirectory,
    output,
    async operatorSettings() {
      const text = await readFile(join(dataDirectory, 'operator.env'), 'utf8')
      return Object.fromEntries(
        [...text.matchAll(/^(PARLEY_\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
      )
    },
    pids,
    async everyPid() {
      return (await Promise.all(PARTS.map(pids))).flat()
    },
    async gateways() {
      const lines = output().matchAll(/^parley ws +\d+ +\w+ +(127\.0\.0\.1:\d+)/gm)
      const addresses = [...lines].map(([, address]) => address)
      // A process that was started again listens where its predecessor did.
      const listeners = await Promise.all(
        addresses.map(async (address) => ({
          url: `http://${address}`,
          pid: await pidAt(`http://${address}`),
        })),
      )
      return listeners
    },
    async signal(part, signal, which) {
      for (const pid of await chosen(part, which)) process.kill(pid, signal)
    },
    async killAndAwait(part, which, signal = 'SIGKILL') {
      const before = await pids(part)
      const victims = await chosen(part, which)
      const backs = () => countBacks(output())
      const known = backs()
      for (const pid of victims) process.kill(pid, signal)
      const deadline = performance.now() + RETURN_MAX_MS
      for (;;) {
        const now = await pids(part)
        const replaced = now.length >= before.length && victims.every((pid) => !now.includes(pid))
        const serves = part === 'postgres' ? await answers(url) : backs() >= known + victims.length
        if (replaced && serves) return
        if (performance.now() > deadline) throw new Error(`${part} did not come back:\n${output()}`)
        await delay(POLL_MS)
      }
    },
    async kill() {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        const force = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
        await ended
        clearTimeout(force)
      }
      await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5 })
      return { code: child.exitCode, signal: child.signalCode }
    },
  }
}

/** Lines by which the cluster says that something it had lost serves again. */
function countBacks(text: string): number {
  return text.match(/ is back as process | runs again as process /g)?.length ?? 0
}

/** As the process says itself; 0 while nobody answers. */
async function pidAt(url: string): Promise<number> {
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  return Number(/^parley_process_id (\d+)/m.exec(text)?.[1] ?? 0)
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  )
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly title: string
}

/**
 * Those that this one has started, and those that they have. Not every process of the machine: waiting for one that comes
 * back asks again and again, and would take a core from it.
 */
async function listBelow(ancestor: number): Promise<Process[]> {
  const children = await readFile(`/proc/${ancestor}/task/${ancestor}/children`, 'utf8').catch(() => '')
  const pids = children.split(' ').filter(Boolean).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const one = await readProcess(pid).catch(() => undefined)
      return one === undefined ? [] : [one, ...(await listBelow(pid))]
    }),
  )
  return found.flat()
}

async function readProcess(pid: number): Promise<Process> {
  const [title, stat] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ])
  // The name in parentheses may hold spaces; state and parent follow it.
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  return { pid, parent, title: title.replaceAll('\0', ' ').trim() }
}
