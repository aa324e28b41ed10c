import type { AuthService, RoomsService, SignIn } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { senderOf } from '../sender.ts'

interface SeedDeps {
  readonly auth: AuthService
  readonly rooms: RoomsService
}

const tags = ['Doors of the seeds']

/**
 * Older names of three calls, each with and without its last slash. Programs come here, so a token of a day in the
 * body and no cookies.
 */
export function registerSeedDoors(app: App, deps: SeedDeps): void {
  for (const slash of ['/', '']) {
    // Documented once; the same operation under two paths would need two names.
    const hide = slash === ''
    registerAccounts(app, deps.auth, slash, hide)
    registerRoom(app, deps.rooms, slash, hide)
  }
}

function tokenAnswer(signIn: SignIn) {
  return { user: signIn.user, token: signIn.access_token, expires_in: signIn.expires_in_seconds }
}

function registerAccounts(app: App, auth: AuthService, slash: string, hide: boolean): void {
  app.post(
    `/api/user/signup${slash}`,
    {
      config: { access: 'open', errors: ['username_taken', 'email_taken', 'password_too_common'] },
      schema: {
        hide,
        tags,
        operationId: 'seedSignUp',
        summary: 'Make an account; the token lives a day',
        body: rest.registerBody,
        response: { 201: rest.seedSession },
      },
    },
    async (request, reply) => {
      const { username, password, email, display_name } = request.body
      const signIn = await auth.register(
        { ...senderOf(request), username, password, email, display_name, lifetime: 'day' },
        contextOf(request),
      )
      return reply.code(201).send(tokenAnswer(signIn))
    },
  )
  app.post(
    `/api/user/login${slash}`,
    {
      config: { access: 'open', errors: ['bad_credentials'] },
      schema: {
        hide,
        tags,
        operationId: 'seedLogin',
        summary: 'Sign in; the token lives a day',
        body: rest.loginBody,
        response: { 200: rest.seedSession },
      },
    },
    async (request) => {
      const { login, username, email, password } = request.body
      const signIn = await auth.login(
        { ...senderOf(request), login: login ?? username ?? email ?? '', password, lifetime: 'day' },
        contextOf(request),
      )
      return tokenAnswer(signIn)
    },
  )
}

function registerRoom(app: App, rooms: RoomsService, slash: string, hide: boolean): void {
  app.post(
    `/api/room/create${slash}`,
    {
      config: { access: 'user', errors: ['forbidden', 'room_name_taken'] },
      schema: {
        hide,
        tags,
        operationId: 'seedCreateRoom',
        summary: 'Open a public room',
        body: rest.seedRoomBody,
        response: { 201: rest.seedRoomAnswer },
      },
    },
    async (request, reply) => {
      const { room } = await rooms.createRoom(
        { user: principalOf(request).user, kind: 'public', name: request.body.name, usernames: [] },
        contextOf(request),
      )
      return reply.code(201).send({ id: room.id, name: room.name, room })
    },
  )
}
