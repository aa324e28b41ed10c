/** Where a timeline's pages come from: messages by REST, entries of the log over the connection. */
import { type LogRoom, type Message, ParleyError } from '@parley/protocol'
import type { Connector } from '../connection/connector.ts'
import type { Rest } from '../rest.ts'
import type { PageSource, Place } from './load-page.ts'

export function createPageSource(
  room: string,
  rest: Pick<Rest, 'call'>,
  connector: Pick<Connector, 'request'>,
): PageSource {
  const path = `/rooms/${encodeURIComponent(room)}/messages`
  return {
    messages: (place, limit) => {
      const query = { limit, ...placeQuery(place) }
      return rest.call<{ messages: Message[]; more: boolean }>('GET', path, { query })
    },
    log: async (after, limit): Promise<LogRoom> => {
      const answer = await connector.request<'log'>({ t: 'log', rooms: [{ room, after }], limit })
      const found = answer.rooms[0]
      if (found === undefined) throw new ParleyError('unavailable')
      if ('error' in found) throw new ParleyError(found.error.code, { message: found.error.message })
      return found
    },
  }
}

function placeQuery(place: Place): Record<string, number> {
  switch (place.kind) {
    case 'latest':
      return {}
    case 'around':
      return { around: place.seq }
    case 'older':
      return { before: place.seq }
    case 'newer':
      return { after: place.seq }
  }
}
