/** E-mail for what stays unread: the choice of a person, and the link that ends it without signing in (RFC 8058). */
import { createHash } from 'node:crypto'
import type { NotificationsService } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { localeOf } from '../sender.ts'

const tags = ['Notifications']

interface DigestDeps {
  readonly notifications: NotificationsService
}

export function registerDigestRoutes(app: App, deps: DigestDeps): void {
  registerChoice(app, deps)
  app.register(async (scope: App) => {
    takeForms(scope)
    registerUnsubscribe(scope, deps)
  })
}

function registerChoice(app: App, { notifications }: DigestDeps): void {
  app.get(
    '/users/me/notifications/email',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getDigest',
        summary: 'How soon I am sent by e-mail what stays unread',
        response: { 200: rest.digestAnswer },
      },
    },
    (request) => notifications.getDigest({ user: principalOf(request).user }, contextOf(request)),
  )
  app.patch(
    '/users/me/notifications/email',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'setDigest',
        summary: 'Choose how soon, or `off`',
        body: rest.digestBody,
        response: { 200: rest.digestAnswer },
      },
    },
    (request) =>
      notifications.setDigest({ ...request.body, user: principalOf(request).user }, contextOf(request)),
  )
}

/** What mail programs post (`List-Unsubscribe=One-Click`) says nothing that the address does not. */
function takeForms(scope: App): void {
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data']) {
    scope.addContentTypeParser(type, { parseAs: 'string', bodyLimit: 10_000 }, async () => undefined)
  }
}

function registerUnsubscribe(app: App, { notifications }: DigestDeps): void {
  const page = { 200: { description: 'A page.', content: { 'text/html': { schema: z.string() } } } }
  app.get(
    '/mail/unsubscribe',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'askUnsubscribe',
        summary: 'A page with the button that ends the letters; looking at it changes nothing',
        querystring: rest.unsubscribeQuery,
        response: page,
      },
    },
    async (request, reply) => {
      const { ask, action } = words[localeOf(request)]
      sendPage(request, reply, 200, `<p>${ask}</p><form method="post"><button>${action}</button></form>`)
      return reply
    },
  )
  app.post(
    '/mail/unsubscribe',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'unsubscribe',
        summary: 'No more letters about what stays unread, by the token of one of them',
        querystring: rest.unsubscribeQuery,
        response: page,
      },
    },
    async (request, reply) => {
      const { done, hint, invalid } = words[localeOf(request)]
      try {
        await notifications.unsubscribe({ token: request.query.token }, contextOf(request))
        sendPage(request, reply, 200, `<p>${done}</p><p>${hint}</p>`)
      } catch (error) {
        if (!(error instanceof ParleyError) || error.code !== 'link_expired') throw error
        sendPage(request, reply, error.status, `<p>${invalid}</p>`)
      }
      return reply
    },
  )
}

const words = {
  en: {
    title: 'Letters about unread messages',
    ask: 'Do you want to get no more of these letters?',
    action: 'Unsubscribe',
    done: 'Done: there will be no more of these letters.',
    hint: 'They can be turned on again in the settings, under “E-mail”.',
    invalid: 'This link is not complete. Use the one in the letter, or the settings under “E-mail”.',
  },
  vi: {
    title: 'Thư về tin nhắn chưa đọc',
    ask: 'Bạn không muốn nhận những thư này nữa?',
    action: 'Hủy nhận thư',
    done: 'Xong: bạn sẽ không nhận những thư này nữa.',
    hint: 'Bạn có thể bật lại trong phần cài đặt, mục “E-mail”.',
    invalid: 'Liên kết này không đầy đủ. Hãy dùng liên kết trong thư, hoặc mục “E-mail” trong phần cài đặt.',
  },
} as const

const STYLE =
  ':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1.5rem}button{font:inherit;padding:.6rem 1.2rem}'
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`

/** Nothing in it comes from the request. */
function sendPage(request: FastifyRequest, reply: FastifyReply, status: number, body: string): void {
  const locale = localeOf(request)
  const { title } = words[locale]
  reply
    .code(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      // Without it the form's own request would come from nowhere, and be refused as a stranger's.
      'referrer-policy': 'same-origin',
      vary: 'Accept-Language',
    })
    .serializer((text: string) => text)
    .send(
      `<!doctype html><html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head><body><h1>${title}</h1>${body}</body></html>`,
    )
}
