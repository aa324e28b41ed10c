import type { RoomsService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { pageOf } from './shapes.ts'

export function registerSearchRoutes(app: App, deps: { rooms: RoomsService }): void {
  app.get(
    '/search',
    {
      config: { access: 'user', rate: 'search', errors: ['not_found'] },
      schema: {
        tags: ['Messages'],
        operationId: 'searchMessages',
        summary: 'Messages I may read that contain this, without regard to accents',
        querystring: rest.searchQuery,
        response: { 200: rest.foundMessagesAnswer },
      },
    },
    (request) => {
      const { query, room, from } = request.query
      return deps.rooms.searchMessages(
        { user: principalOf(request).user, query, room, from, ...pageOf(request.query) },
        contextOf(request),
      )
    },
  )
}
