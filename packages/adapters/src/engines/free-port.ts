import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, one of which would take ours before we listen. */
const LOWEST = 20_000
const HIGHEST = 32_000
/** Processes that look at the same time look in different places: what one found is not another's before it listens. */
const PLACES = 24
const TRIES_MAX = 100

/** A port of loopback that nobody has at this moment; whoever listens must be ready for another to be faster. */
export async function freePort(): Promise<number> {
  const size = (HIGHEST - LOWEST) / PLACES
  const lowest = LOWEST + (process.pid % PLACES) * size
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = lowest + Math.floor(Math.random() * size)
    if (await isFree(port)) return port
  }
  throw new Error(`no port between ${lowest} and ${lowest + size} is free`)
}

/** Each port once, for many that listen a good while later. */
export function distinctPorts(): () => Promise<number> {
  const given = new Set<number>()
  return async () => {
    let port = await freePort()
    while (given.has(port)) port = await freePort()
    given.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
