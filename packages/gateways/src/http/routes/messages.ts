import type { RoomsService } from '@parley/contracts'
import { isErrorCode, LIST_DEFAULT_ITEMS, ParleyError } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { pageOf } from './shapes.ts'

const tags = ['Messages']

export function registerMessageRoutes(app: App, deps: { rooms: RoomsService }): void {
  registerSending(app, deps.rooms)
  registerReading(app, deps.rooms)
  registerChanging(app, deps.rooms)
  registerReactions(app, deps.rooms)
  registerCollections(app, deps.rooms)
  registerLog(app, deps.rooms)
}

function registerSending(app: App, rooms: RoomsService): void {
  app.post(
    '/rooms/:id/messages',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'sendMessage',
        summary: 'Send a message; the same client_id again answers the first entry (200)',
        params: rest.idParams,
        body: rest.sendMessageBody,
        response: { 201: rest.entryAnswer, 200: rest.entryAnswer },
      },
    },
    async (request, reply) => {
      const { client_id, body, reply_to, file_ids } = request.body
      const { entry, fresh } = await rooms.sendMessage(
        { user: principalOf(request).user, room: request.params.id, client_id, body, reply_to, file_ids },
        contextOf(request),
      )
      return reply.code(fresh ? 201 : 200).send({ entry })
    },
  )
}

function registerReading(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms/:id/messages',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'listMessages',
        summary: 'Messages in their newest state, ascending; the newest page without a place',
        params: rest.idParams,
        querystring: rest.messagesQuery,
        response: { 200: rest.messagesAnswer },
      },
    },
    (request) => {
      const { before, after, around, limit = LIST_DEFAULT_ITEMS } = request.query
      return rooms.listMessages(
        { user: principalOf(request).user, room: request.params.id, before, after, around, limit },
        contextOf(request),
      )
    },
  )
  app.get(
    '/rooms/:id/messages/:seq',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'getMessage',
        summary: 'One message',
        params: rest.messageParams,
        response: { 200: rest.messageAnswer },
      },
    },
    (request) =>
      rooms.getMessage(
        { user: principalOf(request).user, room: request.params.id, seq: request.params.seq },
        contextOf(request),
      ),
  )
}

function registerChanging(app: App, rooms: RoomsService): void {
  app.patch(
    '/rooms/:id/messages/:seq',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'editMessage',
        summary: 'Edit a message of one’s own',
        params: rest.messageParams,
        body: rest.editMessageBody,
        response: { 200: rest.entryAnswer },
      },
    },
    async (request) => {
      const { id, seq } = request.params
      const { entry } = await rooms.editMessage(
        { user: principalOf(request).user, room: id, target: seq, ...request.body },
        contextOf(request),
      )
      return { entry }
    },
  )
  app.delete(
    '/rooms/:id/messages/:seq',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'deleteMessage',
        summary: 'Blank a message; its number stays',
        params: rest.messageParams,
        response: { 200: rest.entryAnswer },
      },
    },
    async (request) => {
      const { id, seq } = request.params
      const { entry } = await rooms.deleteMessage(
        { user: principalOf(request).user, room: id, target: seq },
        contextOf(request),
      )
      return { entry }
    },
  )
}

function registerReactions(app: App, rooms: RoomsService): void {
  const verbs = [
    ['PUT', 'react', 'React with an emoji'],
    ['DELETE', 'unreact', 'Take a reaction back'],
  ] as const
  for (const [method, verb, summary] of verbs) {
    app.route({
      method,
      url: '/rooms/:id/messages/:seq/reactions/:emoji',
      config: { access: 'user', errors: ['invalid_request', 'forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: verb,
        summary: `${summary}; already so: the first entry (200)`,
        params: rest.reactionParams,
        response: { 201: rest.entryAnswer, 200: rest.entryAnswer },
      },
      handler: async (request, reply) => {
        const { id, seq, emoji } = request.params
        const { entry, fresh } = await rooms[verb](
          { user: principalOf(request).user, room: id, target: seq, emoji },
          contextOf(request),
        )
        return reply.code(fresh ? 201 : 200).send({ entry })
      },
    })
  }
}

function registerCollections(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms/:id/files',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'listFiles',
        summary: 'Files sent to a room, newest first',
        params: rest.idParams,
        querystring: rest.filesQuery,
        response: { 200: rest.sentFilesAnswer },
      },
    },
    (request) =>
      rooms.listFiles(
        {
          user: principalOf(request).user,
          room: request.params.id,
          kind: request.query.kind,
          ...pageOf(request.query),
        },
        contextOf(request),
      ),
  )
  app.get(
    '/rooms/:id/pins',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'listPins',
        summary: 'Pinned messages of a room',
        params: rest.idParams,
        response: { 200: rest.pinsAnswer },
      },
    },
    (request) =>
      rooms.listPins({ user: principalOf(request).user, room: request.params.id }, contextOf(request)),
  )
  const verbs = [
    ['PUT', 'pin', 'Pin a message'],
    ['DELETE', 'unpin', 'Unpin a message'],
  ] as const
  for (const [method, verb, summary] of verbs) {
    app.route({
      method,
      url: '/rooms/:id/messages/:seq/pin',
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: verb,
        summary: `${summary}; already so: the first entry (200)`,
        params: rest.messageParams,
        response: { 201: rest.entryAnswer, 200: rest.entryAnswer },
      },
      handler: async (request, reply) => {
        const { id, seq } = request.params
        const { entry, fresh } = await rooms[verb](
          { user: principalOf(request).user, room: id, target: seq },
          contextOf(request),
        )
        return reply.code(fresh ? 201 : 200).send({ entry })
      },
    })
  }
}

function registerLog(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms/:id/log',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'readLog',
        summary: 'Entries after a seq, in order and without a gap from max(after + 1, first_seq)',
        params: rest.idParams,
        querystring: rest.logQuery,
        response: { 200: rest.logAnswer },
      },
    },
    async (request) => {
      const { after = 0, limit = LIST_DEFAULT_ITEMS } = request.query
      const { rooms: logs } = await rooms.readLog(
        { user: principalOf(request).user, rooms: [{ room: request.params.id, after }], limit },
        contextOf(request),
      )
      const log = logs[0]
      if (log === undefined) throw new ParleyError('not_found')
      if ('error' in log) {
        const { code, message } = log.error
        throw isErrorCode(code) ? new ParleyError(code, { message }) : new ParleyError('unavailable')
      }
      const { entries, head_seq, first_seq, more } = log
      return { entries, head_seq, first_seq, more }
    },
  )
}
