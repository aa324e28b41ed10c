import { at, isObject, obj, ok, oneOf, show, str } from '../lib/asserts.ts'
import { done } from '../lib/codes.ts'
import { promise, type Topic } from '../lib/runner.ts'

const HEALTH =
  '`GET /healthz`, `/readyz`, `/metrics` (at the root): alive; able to serve; Prometheus, on loopback or with a token'
const DOCUMENT = 'OpenAPI 3.1 at `/api/openapi.json`, browsable at `/api/docs`.'
const PUBLISHED = 'Bounds (published in `hello.limits` and in the API document)'
const BOUNDS = [3, 32, 80, 8, 128, 8_000, 40, 65_536, 200, 50, 500, 100]

/** The calls of the contract that this version of the suite covers; path parameters are written `{}`. */
const CALLS = [
  'post /auth/register',
  'post /auth/login',
  'post /auth/refresh',
  'post /auth/logout',
  'post /auth/password',
  'get /auth/devices',
  'delete /auth/devices/{}',
  'get /users/me',
  'patch /users/me',
  'get /users',
  'get /users/{}',
  'post /rooms',
  'get /rooms',
  'get /rooms/search',
  'get /rooms/{}',
  'patch /rooms/{}',
  'delete /rooms/{}',
  'post /rooms/{}/join',
  'post /rooms/{}/leave',
  'get /rooms/{}/members',
  'post /rooms/{}/members',
  'patch /rooms/{}/members/{}',
  'delete /rooms/{}/members/{}',
  'post /rooms/{}/messages',
  'get /rooms/{}/messages',
  'get /rooms/{}/messages/{}',
  'patch /rooms/{}/messages/{}',
  'delete /rooms/{}/messages/{}',
  'put /rooms/{}/messages/{}/reactions/{}',
  'delete /rooms/{}/messages/{}/reactions/{}',
  'get /rooms/{}/log',
  'get /search',
  'get /stream',
  'post /stream/{}',
]

/** `method path` of everything in the document, with the servers' base path in front and parameters blanked. */
function callsOf(document: unknown): string[] {
  const server = at(document, 'servers.0.url')
  const base =
    typeof server === 'string' ? new URL(server, 'http://any.example').pathname.replace(/\/$/, '') : ''
  return Object.entries(obj(document, 'paths')).flatMap(([path, item]) => {
    const whole = (path.startsWith('/api/') ? path : `${base}${path}`)
      .replace(/\{[^}]*\}/g, '{}')
      .replace(/(.)\/$/, '$1')
    return isObject(item) ? Object.keys(item).map((method) => `${method} ${whole}`) : []
  })
}

export const operations: Topic = {
  topic: 'Operations and documents',
  cases: [
    promise('healthz and readyz answer 200', HEALTH, async (t) => {
      for (const path of ['/healthz', '/readyz']) done(await t.http.call({ method: 'GET', path }), 200)
    }),
    promise('metrics are Prometheus text, and not for strangers', HEALTH, async (t) => {
      const { metricsToken, isLoopback } = t.target
      const headers: Record<string, string> =
        metricsToken === undefined ? {} : { authorization: `Bearer ${metricsToken}` }
      const answer = await t.http.call({ method: 'GET', path: '/metrics', headers })
      if (!isLoopback && metricsToken === undefined)
        return oneOf(answer.status, [401, 403, 404], 'status without a token')
      done(answer, 200)
      ok(
        /^text\/plain|^application\/openmetrics-text/.test(answer.headers['content-type'] ?? ''),
        `content-type ${answer.headers['content-type']}`,
      )
      ok(
        /^# TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (counter|gauge|histogram|summary)$/m.test(answer.text),
        `no metric: ${show(answer.text)}`,
      )
      ok(/^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eE]+(NaN|Inf)?$/m.test(answer.text), 'no sample')
    }),
    promise('the API document is OpenAPI 3.1', DOCUMENT, async (t) => {
      const { body } = done(await t.http.call({ method: 'GET', path: '/api/openapi.json' }), 200)
      ok(/^3\.1\.\d+$/.test(str(body, 'openapi')), `openapi ${show(at(body, 'openapi'))}`)
      str(body, 'info.title')
      str(body, 'info.version')
    }),
    promise('the API document has every call of the contract', DOCUMENT, async (t) => {
      const { body } = done(await t.http.call({ method: 'GET', path: '/api/openapi.json' }), 200)
      const known = new Set(callsOf(body))
      const missing = CALLS.filter((call) => !known.has(call.replace(' ', ' /api/v1')))
      ok(missing.length === 0, `calls missing in the document: ${missing.join(', ')}`)
    }),
    promise('the API document publishes the bounds', PUBLISHED, async (t) => {
      const { text } = done(await t.http.call({ method: 'GET', path: '/api/openapi.json' }), 200)
      const numbers = new Set((text.replace(/(\d),(\d{3})\b/g, '$1$2').match(/\b\d+\b/g) ?? []).map(Number))
      const missing = BOUNDS.filter((bound) => !numbers.has(bound))
      ok(missing.length === 0, `bounds missing in the document: ${missing.join(', ')}`)
    }),
    promise('the API document can be browsed', DOCUMENT, async (t) => {
      let answer = await t.http.call({ method: 'GET', path: '/api/docs' })
      const location = answer.headers.location
      if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
        const url = new URL(location, new URL('/api/docs', t.target.base))
        answer = await t.http.call({ method: 'GET', path: url.pathname + url.search })
      }
      done(answer, 200)
      ok(
        /^text\/html\b/.test(answer.headers['content-type'] ?? ''),
        `content-type ${answer.headers['content-type']}`,
      )
    }),
  ],
}
