/** Which replicas there are: names are resolved again and again, because a name with several addresses is all of them. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Clock, Log } from '@parley/contracts'

const RESOLVE_INTERVAL_MS = 5_000

export interface ReplicaAddresses {
  close(): void
}

/** Tells `onChange` the origins to dial, at once for plain addresses, and whenever they change. */
export function followReplicaAddresses(options: {
  /** Origins, e.g. `http://rooms:7400`. */
  readonly origins: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly onChange: (addresses: readonly string[]) => void
}): ReplicaAddresses {
  const { origins, clock, log, onChange } = options
  const found = new Map<string, readonly string[]>()
  let told = ''
  let closed = false
  let cancel = () => {}

  function tell(): void {
    const addresses = [...new Set([...found.values()].flat())].sort()
    if (addresses.length === 0 || addresses.join() === told || closed) return
    told = addresses.join()
    onChange(addresses)
  }

  async function resolve(origin: string): Promise<void> {
    const url = new URL(origin)
    try {
      const answers = await lookup(url.hostname, { all: true })
      found.set(
        origin,
        answers.map(
          ({ address, family }) =>
            `${url.protocol}//${family === 6 ? `[${address}]` : address}:${portOf(url)}`,
        ),
      )
    } catch (error) {
      // What was known before still holds.
      log.debug({ origin, error }, 'the name of a replica could not be resolved')
    }
  }

  const names = origins.filter((origin) => isIP(hostOf(origin)) === 0)
  for (const origin of origins) if (!names.includes(origin)) found.set(origin, [origin])

  function follow(): void {
    void Promise.all(names.map(resolve)).then(() => {
      tell()
      if (!closed) cancel = clock.after(RESOLVE_INTERVAL_MS, follow)
    })
  }

  tell()
  if (names.length > 0) follow()
  return {
    close() {
      closed = true
      cancel()
    },
  }
}

const hostOf = (origin: string): string => new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1')
const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80')
