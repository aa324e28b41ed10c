import { fileURLToPath } from 'node:url'
import type { LatencyResult, LatencySpec } from './latency.ts'
import type { ConnectSpec } from './load.ts'
import type { LoadAnswer, LoadRequest } from './load-process.ts'
import type { RunResult, RunSpec } from './measure.ts'
import { spawnNode } from './pinning.ts'
import { REPOSITORY } from './results.ts'

/** A load process as its parent sees it. */
export interface Load {
  /** Adds connections to those that are open. */
  connect(spec: ConnectSpec): Promise<void>
  /** Why connections ended, since the last `close`, that nobody asked to end. */
  losses(): Promise<string[]>
  run(spec: RunSpec): Promise<RunResult>
  latency(spec: LatencySpec): Promise<LatencyResult>
  close(): Promise<void>
  stop(): Promise<void>
}

const ENTRY = fileURLToPath(new URL('./load-process.ts', import.meta.url))

type Unnumbered = LoadRequest extends infer R ? (R extends LoadRequest ? Omit<R, 'id'> : never) : never

export function startLoad(core: number | undefined): Load {
  const child = spawnNode([ENTRY], { core, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], cwd: REPOSITORY })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let nextId = 1
  let ended = false
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true
      for (const { reject } of waiting.values())
        reject(new Error(`the load process ended (${signal ?? code})`))
      waiting.clear()
      resolve()
    })
  })
  child.on('message', (answer: LoadAnswer) => {
    const asker = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) asker?.reject(new Error(answer.error))
    else asker?.resolve(answer.result)
  })
  const ask = (request: Unnumbered): Promise<unknown> => {
    if (ended) return Promise.reject(new Error('the load process has ended'))
    const id = nextId++
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.send({ ...request, id })
    })
  }
  return {
    connect: async (spec) => void (await ask({ op: 'connect', spec })),
    losses: async () => (await ask({ op: 'losses' })) as string[],
    run: async (spec) => (await ask({ op: 'run', spec })) as RunResult,
    latency: async (spec) => (await ask({ op: 'latency', spec })) as LatencyResult,
    close: async () => void (await ask({ op: 'close' })),
    stop: async () => {
      if (!ended) child.kill('SIGTERM')
      await exited
    },
  }
}
