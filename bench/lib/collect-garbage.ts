import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Has a running Node process collect its garbage, through the inspector that SIGUSR1 opens: an idle Node collects
 * nothing by itself, so its resident memory is whatever the last burst left, and differs from run to run.
 */

/** Makes the inspector choose a free port; to be in the environment of a process that `attachCollector` watches. */
export const INSPECTABLE = {
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --inspect-port=127.0.0.1:0`.trim(),
}

const INSPECTOR_TIMEOUT_MS = 10_000
/** The second finds what the finalisers of the first let go. */
const COLLECTIONS = 2
const BETWEEN_COLLECTIONS_MS = 500

export type CollectGarbage = () => Promise<void>

/** `child` needs a piped standard error, which is passed on; the inspector tells its address there. */
export function attachCollector(child: ChildProcess): CollectGarbage {
  const { promise: address, resolve } = Promise.withResolvers<string>()
  let seen = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    const text = bytes.toString()
    seen = (seen + text).slice(-4096)
    const url = /Debugger listening on (ws:\/\/\S+)/.exec(seen)?.[1]
    if (url !== undefined) resolve(url)
    if (!/Debugger|nodejs\.org\/learn|For help/.test(text)) process.stderr.write(bytes)
  })
  return async () => {
    child.kill('SIGUSR1')
    const url = await Promise.race([address, delay(INSPECTOR_TIMEOUT_MS, undefined, { ref: false })])
    if (url === undefined) throw new Error('the inspector of a server did not open')
    await askToCollect(url)
  }
}

async function askToCollect(url: string): Promise<void> {
  const inspector = new WebSocket(url)
  try {
    await new Promise<void>((resolve, reject) => {
      inspector.onopen = () => resolve()
      inspector.onerror = () => reject(new Error('the inspector of a server could not be reached'))
    })
    for (let id = 1; id <= COLLECTIONS; id++) {
      const answered = new Promise<void>((resolve) => {
        inspector.onmessage = () => resolve()
      })
      inspector.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }))
      await answered
      await delay(BETWEEN_COLLECTIONS_MS)
    }
  } finally {
    inspector.close()
  }
}
