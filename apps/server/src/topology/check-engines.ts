/** Whether the engines and services of a distributed deployment answer; for `parley doctor`. */
import { createRedis } from '@parley/adapters/redis/connect-redis'
import { knock } from '@parley/adapters/rpc/knock'
import { type ServiceName, serviceContracts, silentLog, systemClock } from '@parley/contracts'
import { PlainError } from '../plain-error.ts'
import { type Settings, settingsTable } from '../settings/table.ts'
import { demandDistributed } from './demand-distributed.ts'
import { withDeadLetters } from './with-dead-letters.ts'

const PROBE_TIMEOUT_MS = 2_000

/** Version of the Redis of these settings. Throws `PlainError`. */
export async function checkRedis(settings: Settings): Promise<string> {
  const { redisUrl } = demandDistributed(settings)
  const redis = await createRedis({ url: redisUrl, log: silentLog, clock: systemClock })
  try {
    const info = await redis.commands.run((client) => client.info('server'))
    return `Redis ${/redis_version:(\S+)/.exec(info)?.[1] ?? 'of an unknown version'}`
  } catch (error) {
    const cause = redis.commands.failure ?? error
    throw new PlainError(
      `does not answer (${cause instanceof Error ? cause.message : String(cause)}): start it, or mend PARLEY_REDIS_URL. People notice little while it is away: what is live comes a second later.`,
    )
  } finally {
    await redis.close()
  }
}

/** What waits in the RabbitMQ of these settings. Throws `PlainError`. */
export async function checkRabbitMq(settings: Settings): Promise<string> {
  demandDistributed(settings)
  const queues = await withDeadLetters(settings, (letters) => letters.list())
  const dead = queues.reduce((sum, queue) => sum + queue.dead, 0)
  if (dead > 0) throw new PlainError(`${dead} items are dead: "parley queue show" tells why.`)
  return `answers; ${queues.reduce((sum, queue) => sum + queue.ready, 0)} items wait`
}

/** How many processes of a service take our calls at its addresses. Throws `PlainError` with why others do not. */
export async function checkService(settings: Settings, name: ServiceName): Promise<string> {
  const { urls, serviceKeys } = demandDistributed(settings)
  const origins = urls[name]
  if (origins.length === 0) return 'runs in this process, or is not called by it'
  const problems = await Promise.all(
    origins.map(async (origin) => {
      const problem = await problemAt(origin, serviceContracts[name].name, serviceKeys[0] ?? '')
      return problem === undefined ? [] : [`${origin}: ${problem}`]
    }),
  )
  const found = problems.flat()
  if (found.length > 0)
    throw new PlainError(
      `${found.join('; ')}. Start the processes with this role, or mend ${settingsTable[`${name}Urls`].env}.`,
    )
  return `${origins.length === 1 ? 'one address is ready and takes' : `${origins.length} addresses are ready and take`} our calls`
}

/** The handshake first: it tells a wrong key and another version from a process that is merely not ready. */
async function problemAt(address: string, contract: string, serviceKey: string): Promise<string | undefined> {
  const refused = await knock({ address, contract, serviceKey, timeoutMs: PROBE_TIMEOUT_MS })
  if (refused !== undefined) return refused
  const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(
    () => undefined,
  )
  return response?.ok === true ? undefined : 'it is not ready'
}
