/** What a client asks of calls, and what of them concerns one connection. */
import type { CallEvent, CallsService } from '@parley/contracts'
import type { Answers, CallFrame } from '@parley/protocol'
import type { CallRequest } from '@parley/protocol/calls'
import type { Connection } from './connection.ts'

/** Of one connection: a client has one, and two for a moment when its tab was duplicated. */
const ENDPOINTS_MAX = 4

export async function askOfCall(
  calls: CallsService,
  { user, connection }: { readonly user: string; readonly connection: Connection },
  { id: _id, ...frame }: CallRequest,
): Promise<Answers['call']> {
  // Known before the answer: what the others say at once must find it.
  if ('endpoint' in frame) speakFor(connection, frame.endpoint)
  switch (frame.op) {
    case 'start':
      return calls.startCall({ user, endpoint: frame.endpoint, room: frame.room, media: frame.media })
    case 'join':
      return calls.joinCall({ user, endpoint: frame.endpoint, call: frame.call })
    case 'here':
      return calls.sayHere({ user, endpoint: frame.endpoint, call: frame.call })
    case 'leave':
      await calls.leaveCall({ user, endpoint: frame.endpoint, call: frame.call })
      connection.endpoints?.delete(frame.endpoint)
      return {}
    case 'decline':
      return calls.declineCall({ user, call: frame.call })
    case 'signal':
      return calls.relaySignal({
        user,
        endpoint: frame.endpoint,
        call: frame.call,
        to: frame.to,
        data: frame.data,
      })
    case 'media': {
      const { endpoint, call, generation, ask } = frame
      return calls.askMedia({ user, endpoint, call, generation, ask })
    }
    case 'list':
      return calls.listCalls({ rooms: connection.rooms.map(({ id }) => id) })
    case 'ice':
      return calls.iceServers({ user })
  }
}

function speakFor(connection: Connection, endpoint: string): void {
  const endpoints = connection.endpoints ?? new Set()
  connection.endpoints = endpoints
  endpoints.delete(endpoint)
  endpoints.add(endpoint)
  for (const oldest of endpoints) if (endpoints.size > ENDPOINTS_MAX) endpoints.delete(oldest)
}

/** Null for a connection that it does not concern. */
export function toCallFrame(event: CallEvent, { endpoints }: Connection): CallFrame | null {
  if ('endpoint' in event && endpoints?.has(event.endpoint) !== true) return null
  const { type: t, ...rest } = event
  if (rest.event !== 'signal' && rest.event !== 'media') return { t, ...rest }
  const { id: call, ...said } = rest
  return { t, ...said, call }
}

/** Its client may come back over another one within the grace. */
export function loseEndpoints(calls: CallsService, { principal, endpoints }: Connection): void {
  if (principal === null || endpoints === undefined) return
  for (const endpoint of endpoints) {
    // What is lost here its silence says a little later.
    calls.loseEndpoint({ user: principal.user, endpoint }).catch(() => {})
  }
}
