/** Calls over the SDK's connection, with what a browser has for them. */
import { ParleyError } from '@parley/protocol'
import type { Connector } from '../connection/connector.ts'
import type { Environment } from '../environment.ts'
import { CallsClient } from './calls-client.ts'
import { storedEndpoint, type TabStorage } from './endpoint.ts'

interface Scope {
  readonly document?: unknown
  readonly sessionStorage?: TabStorage
  readonly RTCPeerConnection?: unknown
  readonly navigator?: { readonly mediaDevices?: unknown }
}

/** WebRTC's part is loaded when there is a call to be in, not before. */
export function createCalls(
  { clock, newId }: Pick<Environment, 'clock' | 'newId'>,
  connector: Pick<Connector, 'requestOnce' | 'wake'>,
  me: () => string,
): CallsClient {
  const scope = globalThis as unknown as Scope
  const storage = tabStorage(scope)
  return new CallsClient({
    clock,
    me,
    supported: scope.RTCPeerConnection !== undefined && scope.navigator?.mediaDevices !== undefined,
    storedEndpoint: () => storedEndpoint(storage),
    request: (ask) =>
      connector.requestOnce<'call'>(ask).catch((error: unknown) => {
        throw error instanceof ParleyError ? error : new ParleyError('unavailable', { cause: error })
      }),
    loadTab: async (parts) =>
      (await import('./load-tab-call.ts')).loadTabCall(
        { ...parts, clock, probe: () => connector.wake() },
        { storage, newId },
      ),
  })
}

function tabStorage(scope: Scope): TabStorage | null {
  try {
    // Node has one too, but it is not a tab's.
    return scope.document === undefined ? null : (scope.sessionStorage ?? null)
  } catch {
    // Forbidden in the browser's settings.
    return null
  }
}
