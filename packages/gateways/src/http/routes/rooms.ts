import type { RoomsService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { done, pageOf } from './shapes.ts'

const tags = ['Rooms']

export function registerRoomRoutes(app: App, deps: { rooms: RoomsService }): void {
  registerCreate(app, deps.rooms)
  registerLists(app, deps.rooms)
  registerOne(app, deps.rooms)
  registerJoining(app, deps.rooms)
}

function registerCreate(app: App, rooms: RoomsService): void {
  app.post(
    '/rooms',
    {
      config: { access: 'user', errors: ['forbidden', 'not_found', 'room_name_taken'] },
      schema: {
        tags,
        operationId: 'createRoom',
        summary: 'Open a room; a direct room with the same person again is the same room (200)',
        body: rest.createRoomBody,
        response: { 201: rest.roomAnswer, 200: rest.roomAnswer },
      },
    },
    async (request, reply) => {
      const { kind, name, usernames = [] } = request.body
      const { room, fresh } = await rooms.createRoom(
        { user: principalOf(request).user, kind, name, usernames },
        contextOf(request),
      )
      return reply.code(fresh ? 201 : 200).send({ room })
    },
  )
}

function registerLists(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'listRooms',
        summary: 'My rooms, latest activity first',
        querystring: rest.pageQuery,
        response: { 200: rest.roomsAnswer },
      },
    },
    (request) =>
      rooms.listRooms({ user: principalOf(request).user, ...pageOf(request.query) }, contextOf(request)),
  )
  app.get(
    '/rooms/search',
    {
      config: { access: 'user', rate: 'search' },
      schema: {
        tags,
        operationId: 'searchRooms',
        summary: 'Public rooms by a part of their name, without regard to accents',
        querystring: rest.roomSearchQuery,
        response: { 200: rest.roomsAnswer },
      },
    },
    (request) =>
      rooms.searchRooms(
        { user: principalOf(request).user, query: request.query.query, ...pageOf(request.query) },
        contextOf(request),
      ),
  )
}

function registerOne(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms/:id',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getRoom',
        summary: 'One room',
        params: rest.idParams,
        response: { 200: rest.roomAnswer },
      },
    },
    (request) =>
      rooms.getRoom({ user: principalOf(request).user, room: request.params.id }, contextOf(request)),
  )
  app.patch(
    '/rooms/:id',
    {
      config: {
        access: 'user',
        errors: ['forbidden', 'not_member', 'room_name_taken', 'file_refused', 'quota_exceeded'],
      },
      schema: {
        tags,
        operationId: 'updateRoom',
        summary: 'Rename a room, give it a picture or take that away',
        params: rest.idParams,
        body: rest.updateRoomBody,
        response: { 200: rest.roomAnswer },
      },
    },
    async (request) => {
      const target = { user: principalOf(request).user, room: request.params.id }
      const context = contextOf(request)
      const { name, picture_file_id: file } = request.body
      const renamed = name === undefined ? undefined : await rooms.renameRoom({ ...target, name }, context)
      if (file !== undefined) return rooms.setRoomPicture({ ...target, file }, context)
      return renamed ?? rooms.getRoom(target, context)
    },
  )
  app.delete(
    '/rooms/:id',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member'] },
      schema: {
        tags,
        operationId: 'deleteRoom',
        summary: 'Its owner only: delete a room with all its messages',
        params: rest.idParams,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      await rooms.deleteRoom({ user: principalOf(request).user, room: request.params.id }, contextOf(request))
      return reply.code(204).send()
    },
  )
}

function registerJoining(app: App, rooms: RoomsService): void {
  app.post(
    '/rooms/:id/join',
    {
      config: { access: 'user', errors: ['forbidden', 'not_invited'] },
      schema: {
        tags,
        operationId: 'joinRoom',
        summary: 'Join a public room',
        params: rest.idParams,
        response: { 200: rest.roomAnswer },
      },
    },
    (request) =>
      rooms.joinRoom({ user: principalOf(request).user, room: request.params.id }, contextOf(request)),
  )
  app.post(
    '/rooms/:id/leave',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'leaveRoom',
        summary: 'Leave a room',
        params: rest.idParams,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      await rooms.leaveRoom({ user: principalOf(request).user, room: request.params.id }, contextOf(request))
      return reply.code(204).send()
    },
  )
}
