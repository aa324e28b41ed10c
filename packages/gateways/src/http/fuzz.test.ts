import { errorCatalogue, isErrorCode } from '@parley/protocol'
import fc from 'fast-check'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { expect, test } from 'vitest'
import type { StreamDoor } from '../shared/stream-door.ts'
import { BEARER, COOKIE, ORIGIN, startGateway } from './testing/start-gateway.ts'

const RUNS = 1_500
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

const paths = [
  '/api/v1/auth/register',
  '/api/v1/auth/login',
  '/api/v1/auth/refresh',
  '/api/v1/auth/password',
  '/api/v1/users/me',
  '/api/v1/users',
  '/api/v1/users/:/permissions',
  '/api/v1/admin/permissions',
  '/api/v1/rooms',
  '/api/v1/rooms/search',
  '/api/v1/rooms/:',
  '/api/v1/rooms/:/members',
  '/api/v1/rooms/:/members/:',
  '/api/v1/rooms/:/bans',
  '/api/v1/rooms/:/messages',
  '/api/v1/rooms/:/messages/:',
  '/api/v1/rooms/:/messages/:/reactions/:',
  '/api/v1/rooms/:/log',
  '/api/v1/search',
  '/api/v1/stream/:',
  '/api/user/signup/',
  '/api/room/create/',
  '/api/docs/:',
  '/metrics',
  '/:',
]

/** What a person who means harm puts where a word is expected. */
const nasty = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '1e309',
    '9007199254740993',
    'u-ben',
    'r-tea',
    '..',
    '%',
    '%zz',
    '%00',
    '%ed%a0%80',
    '%2e%2e%2f',
    '👍',
    '__proto__',
    'constructor',
    'x'.repeat(41),
    'x'.repeat(5_000),
    "' or 1=1 --",
    '<script>',
    'a\u202eb',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
)

const word = nasty.map((text) =>
  /^[\x21-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed()),
)

const keys = fc.constantFrom(
  'username',
  'password',
  'login',
  'email',
  'display_name',
  'kind',
  'name',
  'usernames',
  'client_id',
  'body',
  'reply_to',
  'file_ids',
  'user_id',
  'role',
  'code',
  'permissions',
  'refresh_token',
  't',
  '__proto__',
  'constructor',
  'toString',
  'current',
  'next',
)
const value = fc.oneof(
  nasty,
  fc.constantFrom('public', 'direct', 'owner', 'client-0001', 'correct horse'),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constant({ prototype: {} }),
  fc.array(nasty, { maxLength: 3 }),
)
const body = fc.oneof(
  fc
    .array(fc.tuple(keys, value), { maxLength: 6 })
    .map(
      (pairs) =>
        `{${pairs.map(([key, inner]) => `${JSON.stringify(key)}:${JSON.stringify(inner)}`).join(',')}}`,
    ),
  fc.json({ maxDepth: 6 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.integer({ min: 1, max: 30_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  fc.constantFrom('{"body":"\\ud800"}', '{"body":"\\u0000"}', `"${'x'.repeat(70_000)}"`),
)
const query = fc.array(
  fc.tuple(
    fc.constantFrom('limit', 'cursor', 'query', 'before', 'after', 'around', 'ids', 'online', 'room', 'x[y]'),
    word,
  ),
  { maxLength: 4 },
)
const header = fc.stringMatching(/^[\x20-\x7e]{0,80}$/)

const request = fc.record({
  method: fc.constantFrom(...methods),
  path: fc.constantFrom(...paths).chain((path) =>
    fc.array(word, { minLength: 3, maxLength: 3 }).map((words) => {
      let next = 0
      return path.replaceAll(':', () => words[next++] ?? '')
    }),
  ),
  query,
  body: fc.option(body, { nil: undefined }),
  headers: fc.record(
    {
      'content-type': fc.oneof(
        { weight: 6, arbitrary: fc.constant('application/json') },
        {
          weight: 1,
          arbitrary: fc.constantFrom('text/plain', 'application/json; charset=utf-16', 'multipart/form-data'),
        },
        { weight: 1, arbitrary: header },
      ),
      origin: fc.oneof(fc.constant(ORIGIN), header),
      accept: header,
      'x-request-id': header,
      'user-agent': header,
      'accept-version': header,
      'if-none-match': header,
      range: header,
    },
    { requiredKeys: [] },
  ),
  credentials: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(BEARER, { ...COOKIE, origin: ORIGIN }) },
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: header.map((text) => ({ authorization: text })) },
    { weight: 1, arbitrary: header.map((text) => ({ cookie: text })) },
  ),
})

const door: StreamDoor = { open: (_request, reply) => reply.end(), request: async () => ({ t: 'ok', id: 1 }) }

/** Every answer is a success or an error of the catalogue in its one shape, and tells nothing of our insides. */
function checkAnswer(sent: InjectOptions, answer: Response): void {
  expect([sent, answer.body]).toEqual([
    sent,
    expect.not.stringMatching(/node_modules|\bat .+\.[jt]s:\d+|\/packages\//),
  ])
  if (answer.statusCode < 400) return
  expect(answer.headers['x-request-id']).toEqual(expect.any(String))
  if (sent.method === 'HEAD') return
  const { error } = answer.json<{ error: { code: unknown; request_id: unknown } }>()
  if (!isErrorCode(error.code)) throw new Error(`${String(error.code)} is not in the catalogue`)
  expect([sent, answer.statusCode]).toEqual([sent, errorCatalogue[error.code].status])
  expect(error.request_id).toBe(answer.headers['x-request-id'])
}

test('whatever comes in, an answer of the contract goes out and no defect is met', {
  timeout: 120_000,
}, async () => {
  const { app, lines } = await startGateway({ stream: door })
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, body, headers, credentials }) => {
      const search = query.map(([key, text]) => `${key}=${text}`).join('&')
      const sent: InjectOptions = {
        method,
        // As it comes from the wire: `url` would be put in order first.
        url: '/',
        headers: { ...credentials, ...headers },
        ...(body === undefined ? {} : { payload: Buffer.from(body) }),
      }
      const raw = `${path.startsWith('/') ? '' : '/'}${path}${search === '' ? '' : `?${search}`}`
      const answer = await app.inject({ ...sent, url: raw })
      checkAnswer({ ...sent, url: raw }, answer)
      expect([raw, answer.statusCode === 503]).toEqual([raw, false])
    }),
    { numRuns: RUNS },
  )
  expect(lines.filter((line) => line.level === 'error')).toEqual([])
})
