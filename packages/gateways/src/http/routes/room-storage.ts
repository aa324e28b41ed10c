import type { RoomsService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'

const tags = ['Rooms']

export function registerRoomStorageRoutes(app: App, { rooms }: { rooms: RoomsService }): void {
  app.get(
    '/rooms/:id/storage',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'getRoomStorage',
        summary: 'How many days a room keeps its messages, and after how many they go to the archive',
        params: rest.idParams,
        response: { 200: rest.roomStorageAnswer },
      },
    },
    (request) =>
      rooms.getRoomStorage({ user: principalOf(request).user, room: request.params.id }, contextOf(request)),
  )
  app.patch(
    '/rooms/:id/storage',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member'] },
      schema: {
        tags,
        operationId: 'setRoomStorage',
        summary: 'Its owner and administrators: choose less than the server, or null for what the server has',
        params: rest.idParams,
        body: rest.roomStorageBody,
        response: { 200: rest.roomStorageAnswer },
      },
    },
    (request) =>
      rooms.setRoomStorage(
        { ...request.body, user: principalOf(request).user, room: request.params.id },
        contextOf(request),
      ),
  )
}
