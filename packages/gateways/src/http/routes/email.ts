/** E-mail addresses, what is proved by reading a letter, and forgotten passwords. */
import type { AuthService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { z } from 'zod'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { senderOf } from '../sender.ts'
import { done } from './shapes.ts'

const tags = ['Accounts']

export function registerEmailRoutes(app: App, { auth }: { auth: AuthService }): void {
  registerAddress(app, auth)
  registerVerification(app, auth)
  registerForgotten(app, auth)
}

function registerAddress(app: App, auth: AuthService): void {
  app.get(
    '/auth/email',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getEmail',
        summary: 'My e-mail address, whether it is verified, and the language of letters to me',
        response: { 200: rest.emailAnswer },
      },
    },
    (request) => auth.getEmail({ user: principalOf(request).user }, contextOf(request)),
  )
  app.patch(
    '/auth/email',
    {
      config: { access: 'user', errors: ['bad_credentials', 'email_taken'] },
      schema: {
        tags,
        operationId: 'setEmail',
        summary:
          'Another address, with the password: it holds once the link sent there was followed; or another language',
        body: rest.emailBody,
        response: { 200: rest.emailAnswer },
      },
    },
    (request) => {
      const { address } = senderOf(request)
      return auth.setEmail({ ...request.body, user: principalOf(request).user, address }, contextOf(request))
    },
  )
}

function registerVerification(app: App, auth: AuthService): void {
  app.post(
    '/auth/email/resend',
    {
      config: { access: 'user', errors: ['conflict', 'mail_off'] },
      schema: {
        tags,
        operationId: 'resendVerification',
        summary: 'Send the link that verifies my address once more',
        response: { 204: done },
      },
    },
    async (request, reply) => {
      await auth.resendVerification({ user: principalOf(request).user }, contextOf(request))
      return reply.code(204).send()
    },
  )
  app.post(
    '/auth/email/verify',
    {
      config: { access: 'open', errors: ['link_expired', 'email_taken'] },
      schema: {
        tags,
        operationId: 'verifyEmail',
        summary: 'What the link of a letter leads to: the address is verified',
        body: rest.verifyEmailBody,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { address } = senderOf(request)
      await auth.verifyEmail({ token: request.body.token, address }, contextOf(request))
      return reply.code(204).send()
    },
  )
}

function registerForgotten(app: App, auth: AuthService): void {
  app.get(
    '/auth/options',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'getSignInOptions',
        summary: 'What somebody who is not signed in can count on here',
        response: { 200: rest.signInOptionsAnswer },
      },
    },
    (request) => auth.signInOptions({}, contextOf(request)),
  )
  app.post(
    '/auth/password/forgot',
    {
      config: { access: 'open', errors: ['mail_off'] },
      schema: {
        tags,
        operationId: 'forgotPassword',
        summary: 'Send a link for a new password, if there is such an account with a verified address',
        body: rest.forgotBody,
        response: { 202: z.object({}) },
      },
    },
    async (request, reply) => {
      const { address } = senderOf(request)
      await auth.forgotPassword({ login: request.body.login, address }, contextOf(request))
      return reply.code(202).send({})
    },
  )
  app.post(
    '/auth/password/reset',
    {
      config: { access: 'open', errors: ['link_expired', 'password_too_common'] },
      schema: {
        tags,
        operationId: 'resetPassword',
        summary: 'A new password by the token of that link; every session ends',
        body: rest.resetBody,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { address } = senderOf(request)
      await auth.resetForgotten({ ...request.body, address }, contextOf(request))
      return reply.code(204).send()
    },
  )
}
