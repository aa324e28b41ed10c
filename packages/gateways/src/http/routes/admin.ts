import type { AuthService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { done } from './shapes.ts'

const tags = ['Administration']

export function registerAdminRoutes(app: App, deps: { auth: AuthService }): void {
  const { auth } = deps
  app.get(
    '/admin/permissions',
    {
      config: { access: 'user', errors: ['forbidden'] },
      schema: {
        tags,
        operationId: 'getDefaultPermissions',
        summary: 'What everybody may do unless told otherwise',
        response: { 200: rest.defaultPermissionsAnswer },
      },
    },
    async (request) => {
      const { permissions } = await auth.getPermissions(
        { actor: principalOf(request).user },
        contextOf(request),
      )
      return { permissions }
    },
  )
  app.patch(
    '/admin/permissions',
    {
      config: { access: 'user', errors: ['forbidden'] },
      schema: {
        tags,
        operationId: 'setDefaultPermissions',
        summary: 'Administrators: change the defaults; they hold at once',
        body: rest.permissionsBody,
        response: { 200: rest.defaultPermissionsAnswer },
      },
    },
    (request) =>
      auth.setPermissions(
        { actor: principalOf(request).user, permissions: request.body.permissions },
        contextOf(request),
      ),
  )
  app.post(
    '/admin/setup',
    {
      config: { access: 'user', errors: ['forbidden', 'conflict'] },
      schema: {
        tags,
        operationId: 'claimSetup',
        summary: 'Become the first administrator with the code the first start printed',
        body: rest.setupBody,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      await auth.claimSetup({ user: principalOf(request).user, code: request.body.code }, contextOf(request))
      return reply.code(204).send()
    },
  )
  registerDisabling(app, auth)
}

function registerDisabling(app: App, auth: AuthService): void {
  const verbs = [
    ['PUT', true, 'disableUser', 'Administrators: sign a person out everywhere and keep them out'],
    ['DELETE', false, 'enableUser', 'Administrators: let a person in again'],
  ] as const
  for (const [method, disabled, operationId, summary] of verbs) {
    app.route({
      method,
      url: '/users/:id/disabled',
      config: { access: 'user', errors: ['forbidden', 'conflict'] },
      schema: { tags, operationId, summary, params: rest.idParams, response: { 204: done } },
      handler: async (request, reply) => {
        await auth.setDisabled(
          { actor: principalOf(request).user, user: request.params.id, disabled },
          contextOf(request),
        )
        return reply.code(204).send()
      },
    })
  }
}
