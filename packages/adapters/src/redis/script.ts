/** Lua scripts: each runs whole, with nothing in between, and is sent once per Redis; later only its hash travels. */
import { createHash } from 'node:crypto'
import type { RedisLine } from './redis-line.ts'

export interface Script {
  readonly source: string
  readonly sha1: string
}

export function defineScript(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

/** Throws `RedisAway`. `keys` lie in one slot of a cluster. */
export async function runScript(
  line: RedisLine,
  script: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [`${keys.length}`, ...keys, ...args]
  try {
    return await line.run((client) => client.sendCommand<unknown>(['EVALSHA', script.sha1, ...rest]))
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    // Redis is new, or was emptied: it takes the source once.
    return line.run((client) => client.sendCommand<unknown>(['EVAL', script.source, ...rest]))
  }
}

/**
 * Each Redis is given the scripts when it is connected to, not at the first use: a script that has to be sent again
 * would be overtaken by the calls after it.
 */
export function prepareScripts(line: RedisLine, scripts: readonly Script[]): void {
  line.onOpening(async (client) => {
    await Promise.all(scripts.map(({ source }) => client.scriptLoad(source)))
  })
}
