/** Calls over the SDK's connection, with what a browser has for them. */
import { ParleyError } from '@parley/protocol'
import type { Connector } from '../connection/connector.ts'
import type { Environment } from '../environment.ts'
import { CallsClient } from './calls-client.ts'
import type { TabStorage } from './endpoint.ts'

interface Scope {
  readonly document?: unknown
  readonly sessionStorage?: TabStorage
}

/** WebRTC's part is loaded when a call is joined, not before. */
export function createCalls(
  { clock, newId }: Pick<Environment, 'clock' | 'newId'>,
  connector: Pick<Connector, 'requestOnce'>,
  me: () => string,
): CallsClient {
  return new CallsClient({
    clock,
    newId,
    me,
    tabStorage: tabStorage(),
    request: (ask) =>
      connector.requestOnce<'call'>(ask).catch((error: unknown) => {
        throw error instanceof ParleyError ? error : new ParleyError('unavailable', { cause: error })
      }),
    media: async () => (await import('./browser-media.ts')).browserMedia(),
  })
}

function tabStorage(): TabStorage | null {
  try {
    const scope = globalThis as unknown as Scope
    // Node has one too, but it is not a tab's.
    return scope.document === undefined ? null : (scope.sessionStorage ?? null)
  } catch {
    // Forbidden in the browser's settings.
    return null
  }
}
