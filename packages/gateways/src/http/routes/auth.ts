import type { AuthService, SignIn } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import type { FastifyRequest } from 'fastify'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { localeOf, senderOf } from '../sender.ts'
import type { SessionCookies } from '../session-cookies.ts'
import { done } from './shapes.ts'

const tags = ['Accounts']

export function registerAuthRoutes(app: App, deps: { auth: AuthService }, cookies: SessionCookies): void {
  registerSignIn(app, deps.auth, cookies)
  registerRefresh(app, deps.auth, cookies)
  registerSignOut(app, deps.auth, cookies)
  registerDevices(app, deps.auth, cookies)
  app.get(
    '/auth/keys',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'getKeys',
        summary: 'Public keys that verify access tokens (JWK set)',
        response: { 200: rest.keysAnswer },
      },
    },
    (request) => deps.auth.keys({}, contextOf(request)),
  )
}

/** The refresh token is for programs; a browser, which sends an `Origin`, has it in a cookie no script can read. */
function sessionAnswer(request: FastifyRequest, signIn: SignIn) {
  return {
    user: signIn.user,
    access_token: signIn.access_token,
    expires_in: signIn.expires_in_seconds,
    ...(request.headers.origin === undefined ? { refresh_token: signIn.refresh_token } : {}),
  }
}

function registerSignIn(app: App, auth: AuthService, cookies: SessionCookies): void {
  app.post(
    '/auth/register',
    {
      config: { access: 'open', errors: ['username_taken', 'email_taken', 'password_too_common'] },
      schema: {
        tags,
        operationId: 'register',
        summary: 'Make an account and sign in',
        body: rest.registerBody,
        response: { 201: rest.session },
      },
    },
    async (request, reply) => {
      const { username, password, email, display_name, locale = localeOf(request) } = request.body
      const signIn = await auth.register(
        {
          ...senderOf(request),
          username,
          password,
          email,
          display_name,
          locale,
          lifetime: 'short',
        },
        contextOf(request),
      )
      cookies.set(reply, signIn)
      return reply.code(201).send(sessionAnswer(request, signIn))
    },
  )
  app.post(
    '/auth/login',
    {
      config: { access: 'open', errors: ['bad_credentials'] },
      schema: {
        tags,
        operationId: 'login',
        summary: 'Sign in by user name or e-mail',
        body: rest.loginBody,
        response: { 200: rest.session },
      },
    },
    async (request, reply) => {
      const { login, username, email, password } = request.body
      const signIn = await auth.login(
        { ...senderOf(request), login: login ?? username ?? email ?? '', password, lifetime: 'short' },
        contextOf(request),
      )
      cookies.set(reply, signIn)
      return sessionAnswer(request, signIn)
    },
  )
}

function registerRefresh(app: App, auth: AuthService, cookies: SessionCookies): void {
  app.post(
    '/auth/refresh',
    {
      config: { access: 'open', errors: ['unauthenticated'], bodyOptional: true },
      schema: {
        tags,
        operationId: 'refresh',
        summary: 'Exchange the refresh token, from the body or the cookie, for a new pair',
        body: rest.refreshBody,
        response: { 200: rest.session },
      },
    },
    async (request, reply) => {
      const given = request.body?.refresh_token
      const token = given ?? cookies.readRefreshToken(request)
      if (token === undefined) throw new ParleyError('unauthenticated')
      if (given === undefined && request.headers.origin === undefined) throw new ParleyError('bad_origin')
      try {
        const signIn = await auth.refresh({ refresh_token: token }, contextOf(request))
        cookies.set(reply, signIn)
        return sessionAnswer(request, signIn)
      } catch (error) {
        const refused = error instanceof ParleyError && error.status === 401
        if (refused && given === undefined) cookies.clear(reply)
        throw error
      }
    },
  )
}

function registerSignOut(app: App, auth: AuthService, cookies: SessionCookies): void {
  app.post(
    '/auth/logout',
    {
      config: { access: 'user', endsSession: true },
      schema: {
        tags,
        operationId: 'logout',
        summary: 'End this device session; its tokens are refused at once and its sockets close',
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { user, device } = principalOf(request)
      await auth.logout({ user, device }, contextOf(request))
      cookies.clear(reply)
      return reply.code(204).send()
    },
  )
  app.post(
    '/auth/password',
    {
      config: { access: 'user', errors: ['bad_credentials', 'password_too_common'] },
      schema: {
        tags,
        operationId: 'changePassword',
        summary: 'Change the password; all other devices end',
        body: rest.passwordBody,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { user, device } = principalOf(request)
      const { current, next } = request.body
      const { address } = senderOf(request)
      await auth.changePassword({ user, device, current, next, address }, contextOf(request))
      return reply.code(204).send()
    },
  )
}

function registerDevices(app: App, auth: AuthService, cookies: SessionCookies): void {
  app.get(
    '/auth/devices',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'listDevices',
        summary: 'Where I am signed in',
        response: { 200: rest.devicesAnswer },
      },
    },
    (request) => {
      const { user, device } = principalOf(request)
      return auth.listDevices({ user, device }, contextOf(request))
    },
  )
  app.delete(
    '/auth/devices/:id',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'revokeDevice',
        summary: 'End one of my device sessions',
        params: rest.idParams,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { user, device } = principalOf(request)
      await auth.revokeDevice({ user, device: request.params.id }, contextOf(request))
      if (request.params.id === device) cookies.clear(reply)
      return reply.code(204).send()
    },
  )
}
