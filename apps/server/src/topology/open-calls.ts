/** What the settings say of calls. The client for media servers is loaded only where there are some. */
import { systemClock as clock, type MediaServer } from '@parley/contracts'
import type { CallsContext } from '../role.ts'
import type { Settings } from '../settings/table.ts'

export function openCalls(settings: Settings): CallsContext {
  const { stunUrls = [], turnUrls = [], turnSecret } = settings
  return {
    stunUrls,
    turnUrls,
    secret: turnSecret,
    openMediaServers: () => openMediaServers(settings),
  }
}

async function openMediaServers({ janusUrls = [], janusSecret }: Settings): Promise<readonly MediaServer[]> {
  if (janusUrls.length === 0) return []
  const { createJanusServer } = await import('@parley/adapters/janus/create-janus-server')
  return janusUrls.map((url) => createJanusServer({ url, secret: janusSecret, clock }))
}
