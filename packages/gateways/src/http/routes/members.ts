import type { RoomsService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { done, pageOf } from './shapes.ts'

const tags = ['Members']

export function registerMemberRoutes(app: App, deps: { rooms: RoomsService }): void {
  registerMembers(app, deps.rooms)
  registerOneMember(app, deps.rooms)
  registerBans(app, deps.rooms)
}

function registerMembers(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms/:id/members',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'listMembers',
        summary: 'Who is in a room',
        params: rest.idParams,
        querystring: rest.pageQuery,
        response: { 200: rest.membersAnswer },
      },
    },
    (request) =>
      rooms.listMembers(
        { user: principalOf(request).user, room: request.params.id, ...pageOf(request.query) },
        contextOf(request),
      ),
  )
  app.post(
    '/rooms/:id/members',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'addMember',
        summary: 'Bring a person into a room',
        params: rest.idParams,
        body: rest.addMemberBody,
        response: { 201: rest.memberAnswer },
      },
    },
    async (request, reply) => {
      const answer = await rooms.addMember(
        { user: principalOf(request).user, room: request.params.id, username: request.body.username },
        contextOf(request),
      )
      return reply.code(201).send(answer)
    },
  )
}

function registerOneMember(app: App, rooms: RoomsService): void {
  app.patch(
    '/rooms/:id/members/:user_id',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'setRole',
        summary: 'Give a member another role',
        params: rest.memberParams,
        body: rest.setRoleBody,
        response: { 200: rest.memberAnswer },
      },
    },
    (request) =>
      rooms.setRole(
        {
          user: principalOf(request).user,
          room: request.params.id,
          member: request.params.user_id,
          role: request.body.role,
        },
        contextOf(request),
      ),
  )
  app.delete(
    '/rooms/:id/members/:user_id',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'removeMember',
        summary: 'Remove a member',
        params: rest.memberParams,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { id, user_id } = request.params
      await rooms.removeMember(
        { user: principalOf(request).user, room: id, member: user_id },
        contextOf(request),
      )
      return reply.code(204).send()
    },
  )
}

function registerBans(app: App, rooms: RoomsService): void {
  app.get(
    '/rooms/:id/bans',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member'] },
      schema: {
        tags,
        operationId: 'listBans',
        summary: 'Who is kept out of a room',
        params: rest.idParams,
        response: { 200: rest.bansAnswer },
      },
    },
    (request) =>
      rooms.listBans({ user: principalOf(request).user, room: request.params.id }, contextOf(request)),
  )
  app.post(
    '/rooms/:id/bans',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member', 'conflict'] },
      schema: {
        tags,
        operationId: 'banMember',
        summary: 'Remove a person and keep them out',
        params: rest.idParams,
        body: rest.banBody,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      await rooms.banMember(
        { user: principalOf(request).user, room: request.params.id, member: request.body.user_id },
        contextOf(request),
      )
      return reply.code(204).send()
    },
  )
  app.delete(
    '/rooms/:id/bans/:user_id',
    {
      config: { access: 'user', errors: ['forbidden', 'not_member'] },
      schema: {
        tags,
        operationId: 'liftBan',
        summary: 'Let a person in again',
        params: rest.memberParams,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { id, user_id } = request.params
      await rooms.liftBan({ user: principalOf(request).user, room: id, member: user_id }, contextOf(request))
      return reply.code(204).send()
    },
  )
}
