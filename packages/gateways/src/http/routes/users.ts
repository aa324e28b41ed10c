import type { AuthService, CallContext, FilesService, SessionsService } from '@parley/contracts'
import { ParleyError, type User } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import type { z } from 'zod'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { pageOf } from './shapes.ts'

interface UserDeps {
  readonly auth: AuthService
  readonly sessions: SessionsService
  readonly files: Pick<FilesService, 'makeSquare' | 'useAsAvatar' | 'releaseAvatars'>
}
type MeDeps = Pick<UserDeps, 'auth' | 'files'>
type UsersQuery = z.output<typeof rest.usersQuery>

const tags = ['People']

export function registerUserRoutes(app: App, deps: UserDeps): void {
  registerMe(app, deps)
  registerLookUp(app, deps)
  registerPermissions(app, deps.auth)
}

async function findUser(auth: AuthService, id: string, context: CallContext): Promise<User> {
  const { users } = await auth.getUsers({ ids: [id] }, context)
  const user = users[0]
  if (user === undefined) throw new ParleyError('not_found')
  return user
}

function registerMe(app: App, { auth, files }: MeDeps): void {
  app.get(
    '/users/me',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getMe',
        summary: 'Who I am and what I may do',
        response: { 200: rest.meAnswer },
      },
    },
    async (request) => {
      const me = principalOf(request).user
      const context = contextOf(request)
      const [user, rights] = await Promise.all([
        findUser(auth, me, context),
        auth.getPermissions({ actor: me, user: me }, context),
      ])
      return { user, admin: rights.admin, permissions: rights.permissions }
    },
  )
  app.patch(
    '/users/me',
    {
      config: { access: 'user', errors: ['not_found', 'file_refused', 'quota_exceeded'] },
      schema: {
        tags,
        operationId: 'updateMe',
        summary: 'Change what others see of me',
        body: rest.updateMeBody,
        response: { 200: rest.userAnswer },
      },
    },
    async (request) => {
      const me = principalOf(request).user
      const context = contextOf(request)
      const { display_name, avatar_file_id: chosen } = request.body
      const id =
        typeof chosen === 'string'
          ? (await files.makeSquare({ user: me, id: chosen }, context)).file.id
          : chosen
      // The new picture is open to all before anybody hears of it, the old one until nobody hears of it any more.
      if (typeof id === 'string') await files.useAsAvatar({ user: me, id }, context)
      const answer = await auth.updateUser({ user: me, display_name, avatar_file_id: id }, context)
      if (id !== undefined) await settleAvatar({ auth, files }, answer.user, context)
      return answer
    },
  )
}

/** Of two changes at once each may have closed the picture that the other shows: whoever is last opens the one that counts. */
async function settleAvatar({ auth, files }: MeDeps, changed: User, context: CallContext): Promise<void> {
  let shown = changed
  for (;;) {
    const except = shown.avatar_url?.split('/').at(-1)
    await files.releaseAvatars({ user: shown.id, ...(except === undefined ? {} : { except }) }, context)
    const now = await findUser(auth, shown.id, context)
    if (now.avatar_url === shown.avatar_url) return
    shown = now
  }
}

function registerLookUp(app: App, deps: UserDeps): void {
  app.get(
    '/users',
    {
      config: { access: 'user', rate: 'search' },
      schema: {
        tags,
        operationId: 'listUsers',
        summary: 'Find people by a part of their name, by id, or those connected now',
        querystring: rest.usersQuery,
        response: { 200: rest.usersAnswer },
      },
    },
    (request) => listUsers(deps, request.query, contextOf(request)),
  )
  app.get(
    '/users/:id',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getUser',
        summary: 'One person',
        params: rest.idParams,
        response: { 200: rest.userAnswer },
      },
    },
    async (request) => ({ user: await findUser(deps.auth, request.params.id, contextOf(request)) }),
  )
}

async function listUsers(
  { auth, sessions }: UserDeps,
  query: UsersQuery,
  context: CallContext,
): Promise<{ users: User[]; next?: string | undefined }> {
  if (query.ids !== undefined) {
    if (query.query !== undefined || query.online === true) {
      throw new ParleyError('invalid_request', {
        details: { fields: { ids: 'cannot be combined with query or online' } },
      })
    }
    return auth.getUsers({ ids: query.ids }, context)
  }
  const page = pageOf(query)
  if (query.online !== true) return auth.searchUsers({ query: query.query, ...page }, context)
  if (query.query === undefined) {
    const online = await sessions.listOnline(page, context)
    const { users } =
      online.users.length === 0 ? { users: [] } : await auth.getUsers({ ids: online.users }, context)
    return { users, next: online.next }
  }
  // A page may come out shorter than `limit`, even empty, and still have a `next`.
  const found = await auth.searchUsers({ query: query.query, ...page }, context)
  const { presence } = await sessions.getPresence({ users: found.users.map((user) => user.id) }, context)
  const connected = new Set(presence.filter((one) => one.state !== 'offline').map((one) => one.user))
  return { users: found.users.filter((user) => connected.has(user.id)), next: found.next }
}

function registerPermissions(app: App, auth: AuthService): void {
  app.get(
    '/users/:id/permissions',
    {
      config: { access: 'user', errors: ['forbidden'] },
      schema: {
        tags: ['Administration'],
        operationId: 'getPermissions',
        summary: 'What a person may do: oneself, or for administrators anybody',
        params: rest.idParams,
        response: { 200: rest.permissionsAnswer },
      },
    },
    (request) =>
      auth.getPermissions({ actor: principalOf(request).user, user: request.params.id }, contextOf(request)),
  )
  app.patch(
    '/users/:id/permissions',
    {
      config: { access: 'user', errors: ['forbidden'] },
      schema: {
        tags: ['Administration'],
        operationId: 'setPermissions',
        summary: 'Administrators: grant or refuse, or by null return to the default',
        params: rest.idParams,
        body: rest.permissionsBody,
        response: { 200: rest.permissionsAnswer },
      },
    },
    (request) =>
      auth.setPermissions(
        {
          actor: principalOf(request).user,
          user: request.params.id,
          permissions: request.body.permissions,
        },
        contextOf(request),
      ),
  )
}
