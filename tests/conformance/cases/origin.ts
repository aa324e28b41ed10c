import { equal, ok } from '../lib/asserts.ts'
import { done, refused } from '../lib/codes.ts'
import type { Context } from '../lib/context.ts'
import type { Person } from '../lib/people.ts'
import { promise, type Topic } from '../lib/runner.ts'

const RULE =
  'With a cookie, every method but GET and HEAD needs an `Origin` that is exactly allowed, multipart included.'

/** Origins that look like the allowed one and are not it. */
function lookalikes(origin: string): string[] {
  const { protocol, hostname, port } = new URL(origin)
  const other = protocol === 'https:' ? 'http:' : 'https:'
  return [
    'https://evil.example',
    'null',
    `${origin}.evil.example`,
    `${protocol}//evil.example?${origin}`,
    `${protocol}//${hostname}@evil.example`,
    `${other}//${hostname}${port === '' ? '' : `:${port}`}`,
    `${protocol}//${hostname}:1`,
    `${origin}/`,
    `sub.${origin}`,
  ]
}

async function createWith(
  t: Context,
  person: Person,
  headers: Record<string, string>,
  type = 'application/json',
) {
  const body = JSON.stringify({ kind: 'public', name: t.name('Origin') })
  return await t.http.call({
    method: 'POST',
    path: '/api/v1/rooms',
    headers: { cookie: person.cookies, 'content-type': type, ...headers },
    body,
  })
}

export const origin: Topic = {
  topic: 'Cookie and Origin',
  cases: [
    promise(
      'register and login set a cookie that signs in',
      '201 `{user, access_token, expires_in}` (seconds) + cookies',
      async (t) => {
        const person = await t.person()
        ok(person.cookies.length > 0, 'no cookie was set')
        const answer = await t.http.call({
          method: 'GET',
          path: '/api/v1/users/me',
          headers: { cookie: person.cookies },
        })
        done(answer, 200)
        const foreign = { cookie: person.cookies, origin: 'https://evil.example' }
        const head = await t.http.call({ method: 'HEAD', path: '/api/v1/users/me', headers: foreign })
        ok(head.status !== 403, `HEAD with a cookie needs no Origin, got ${head.status}`)
      },
    ),
    promise('a cookie with the allowed Origin may write', RULE, async (t) => {
      const person = await t.person()
      done(await createWith(t, person, { origin: t.target.origin }), 201)
    }),
    promise('a cookie without an Origin may not write', RULE, async (t) => {
      const person = await t.person()
      refused(await createWith(t, person, {}), 403, 'bad_origin')
    }),
    promise('a cookie with an Origin that only resembles the allowed one may not write', RULE, async (t) => {
      const person = await t.person()
      for (const bad of lookalikes(t.target.origin))
        refused(await createWith(t, person, { origin: bad }), 403, 'bad_origin')
    }),
    promise('PATCH, PUT and DELETE with a cookie need the Origin, too', RULE, async (t) => {
      const person = await t.person()
      const routes = [
        ['PATCH', '/users/me'],
        ['PUT', '/rooms/x/messages/1/reactions/x'],
        ['DELETE', '/rooms/x'],
      ] as const
      for (const [method, path] of routes) {
        const headers = { cookie: person.cookies, 'content-type': 'application/json' }
        refused(await t.http.call({ method, path: `/api/v1${path}`, headers, body: '{}' }), 403, 'bad_origin')
      }
    }),
    promise('multipart with a cookie needs the Origin, too', RULE, async (t) => {
      const person = await t.person()
      const answer = await createWith(
        t,
        person,
        { origin: 'https://evil.example' },
        'multipart/form-data; boundary=x',
      )
      refused(answer, [403, 415], ['bad_origin', 'unsupported_media_type'])
      const plain = await createWith(t, person, {}, 'text/plain')
      refused(plain, [403, 415], ['bad_origin', 'unsupported_media_type'])
    }),
    promise('logout with a cookie needs the Origin', RULE, async (t) => {
      const person = await t.newcomer()
      const call = { method: 'POST', path: '/api/v1/auth/logout' }
      refused(await t.http.call({ ...call, headers: { cookie: person.cookies } }), 403, 'bad_origin')
      done(await t.as(person).get('/users/me'), 200)
      done(await t.http.call({ ...call, headers: { cookie: person.cookies, origin: t.target.origin } }), 204)
      refused(await t.as(person).get('/users/me'), 401, 'unauthenticated')
    }),
    promise(
      'a Bearer token needs no Origin',
      'Authentication, any one of: `Authorization: Bearer`, the cookie together with an allowed `Origin`',
      async (t) => {
        const person = await t.person()
        done(await t.as(person).post('/rooms', { kind: 'public', name: t.name('Bearer') }), 201)
      },
    ),
    promise(
      'a socket with the cookie and the allowed Origin is signed in',
      'the cookie together with an allowed `Origin`',
      async (t) => {
        const person = await t.person()
        const link = await t.connect(person, { how: 'cookie' })
        equal((link.ready.user as { id?: string }).id, person.id, 'ready.user.id')
      },
    ),
    promise(
      'a socket with the cookie and a foreign or no Origin is not signed in',
      'the cookie together with an allowed `Origin`',
      async (t) => {
        const person = await t.person()
        const headers: Record<string, string>[] = [
          {},
          ...lookalikes(t.target.origin).map((bad) => ({ origin: bad })),
        ]
        for (const extra of headers) {
          const dialled = await t.dial({ headers: { cookie: person.cookies, ...extra } })
          if ('refusedWith' in dialled) {
            ok(
              dialled.refusedWith === 401 || dialled.refusedWith === 403,
              `refused with ${dialled.refusedWith}`,
            )
            continue
          }
          const { wire } = dialled
          const first = await wire.next('`hello` or a close', () => true).catch(() => undefined)
          ok(
            first === undefined || first.auth_required === true,
            `auth_required with the Origin ${extra.origin}`,
          )
          ok(!wire.frames.some((frame) => frame.t === 'ready'), `signed in with the Origin ${extra.origin}`)
        }
      },
    ),
  ],
}
