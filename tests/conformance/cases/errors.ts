import { groupOf, pair } from '../lib/acts.ts'
import { ok, show } from '../lib/asserts.ts'
import { done, errorShape, invalid, refused } from '../lib/codes.ts'
import { bearer } from '../lib/context.ts'
import { clientId } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'

const JSON_BODY_BYTES = 65_536
const STATUS = (status: number, codes: string) => `| ${status} | ${codes} |`
const WRITES = ['POST /auth/login', 'POST /rooms', 'PATCH /users/me'] as const

/** A valid message body padded with an unknown field to exactly `bytes`. */
function padded(bytes: number): string {
  const start = JSON.stringify({ client_id: clientId(), body: 'padded', pad: '' })
  return start.replace('"pad":""', `"pad":"${'x'.repeat(bytes - start.length)}"`)
}

function split(route: string): { method: string; path: string } {
  const [method = '', path = ''] = route.split(' ')
  return { method, path: `/api/v1${path}` }
}

export const errors: Topic = {
  topic: 'Errors and content types',
  cases: [
    promise(
      'every refusal has the error shape',
      'Errors: `{"error":{"code":"snake_case","message":"for a person","details"?:…,"request_id":"…"}}`, never a stack trace.',
      async (t) => {
        const person = await t.person()
        const answers = await Promise.all([
          t.as(undefined).get('/users/me'),
          t.as(person).get('/rooms/nosuchroom'),
          t.as(person).get('/no-such-route'),
          t.as(person).post('/rooms', { kind: 'castle' }),
          t.as(person).get('/rooms?limit=201'),
          t.http.call({ method: 'GET', path: '/api/v1/%', headers: bearer(person) }),
          t.http.call({ method: 'GET', path: '/api/v1/users/%ff', headers: bearer(person) }),
        ])
        for (const answer of answers) {
          ok(
            answer.status >= 400 && answer.status < 500,
            `a refusal with a 4xx status, got ${answer.status} for ${answer.what}`,
          )
          errorShape(answer)
        }
      },
    ),
    promise('two refusals have different request ids', '`request_id`', async (t) => {
      const [one, two] = await Promise.all([
        t.as(undefined).get('/users/me'),
        t.as(undefined).get('/users/me'),
      ])
      ok(one.text !== two.text, `the same request_id twice: ${show(one.text)}`)
    }),
    promise('a body that is not JSON is invalid_json', STATUS(400, '`invalid_json`'), async (t) => {
      const person = await t.person()
      const headers = { ...bearer(person), 'content-type': 'application/json' }
      const bodies = ['{', '{"kind":"public",}', 'nonsense', "{'kind':'public'}", '{"a":1}{"b":2}', '\u0000']
      for (const body of bodies) {
        for (const route of WRITES)
          refused(await t.http.call({ ...split(route), headers, body }), 400, 'invalid_json')
      }
    }),
    promise('JSON that is not an object is refused', STATUS(400, '`invalid_request`'), async (t) => {
      const person = await t.person()
      const headers = { ...bearer(person), 'content-type': 'application/json' }
      for (const body of ['[]', '"text"', '12', 'null', 'true']) {
        for (const route of WRITES) {
          refused(await t.http.call({ ...split(route), headers, body }), 400, [
            'invalid_request',
            'invalid_json',
          ])
        }
      }
    }),
    promise('bytes that are not UTF-8 are refused', 'JSON everywhere, UTF-8', async (t) => {
      const person = await t.person()
      const body = Buffer.concat([
        Buffer.from('{"kind":"public","name":"'),
        Buffer.from([0xc3, 0x28, 0xff]),
        Buffer.from('"}'),
      ])
      const headers = { ...bearer(person), 'content-type': 'application/json' }
      const answer = await t.http.call({ ...split('POST /rooms'), headers, body })
      refused(answer, 400, ['invalid_json', 'invalid_request'])
    }),
    promise(
      'a wrong type is invalid_request and the details name the field',
      '`invalid_request` (`details` names the fields)',
      async (t) => {
        const person = await t.person()
        invalid(await t.as(person).post('/rooms', { kind: 'castle', name: 'x' }), 'kind')
        invalid(await t.as(person).post('/rooms', { kind: 'public', name: 12 }), 'name')
        invalid(
          await t.as(person).post('/rooms', { kind: 'group', name: 'x', usernames: 'bob' }),
          'usernames',
        )
        invalid(await t.as(person).patch('/users/me', { display_name: ['x'] }), 'display_name')
        invalid(
          await t.as(undefined).post('/auth/register', { username: 'valid.name', password: 12_345_678 }),
          'password',
        )
        invalid(await t.as(undefined).post('/auth/register', { password: 'long enough 77' }), 'username')
      },
    ),
    promise('unknown fields are ignored', 'Unknown fields are ignored by both sides.', async (t) => {
      const person = await t.person()
      const body = { kind: 'public', name: t.name('Extra'), colour: 'blue', nested: { deep: [1, 2] } }
      done(await t.as(person).post('/rooms', body), 201)
    }),
    promise(
      'a JSON body of 65,536 bytes is taken, one byte more is too_large',
      '| frame, JSON body | 65,536 bytes |',
      async (t) => {
        const { ann, room } = await pair(t)
        const headers = { ...bearer(ann), 'content-type': 'application/json' }
        const call = { ...split(`POST /rooms/${room}/messages`), headers }
        done(await t.http.call({ ...call, body: padded(JSON_BODY_BYTES) }), 201)
        refused(await t.http.call({ ...call, body: padded(JSON_BODY_BYTES + 1) }), 413, 'too_large')
      },
    ),
    promise(
      'a JSON route takes application/json only',
      'JSON routes demand `application/json`.',
      async (t) => {
        const person = await t.person()
        const body = JSON.stringify({ kind: 'public', name: t.name('Type') })
        for (const type of [
          'text/plain',
          'application/x-www-form-urlencoded',
          'application/xml',
          'text/json',
        ]) {
          const answer = await t.http.call({
            ...split('POST /rooms'),
            headers: { ...bearer(person), 'content-type': type },
            body,
          })
          refused(answer, 415, 'unsupported_media_type')
        }
        const bare = await t.http.call({ ...split('POST /rooms'), headers: bearer(person), body })
        refused(bare, 415, 'unsupported_media_type')
        const withCharset = { ...bearer(person), 'content-type': 'application/json; charset=utf-8' }
        done(await t.http.call({ ...split('POST /rooms'), headers: withCharset, body }), 201)
      },
    ),
    promise('answers are application/json', 'JSON everywhere', async (t) => {
      const person = await t.person()
      const answer = done(await t.as(person).get('/users/me'), 200)
      ok(
        /^application\/json\b/.test(answer.headers['content-type'] ?? ''),
        `content-type ${answer.headers['content-type']}`,
      )
    }),
    promise(
      'no token, a broken one and a forged one are unauthenticated',
      STATUS(401, '`unauthenticated`'),
      async (t) => {
        const person = await t.person()
        const [header = '', payload = '', signature = ''] = person.token.split('.')
        const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
        const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
        const tokens = [
          '',
          'x',
          'a.b.c',
          `${none}.${payload}.`,
          `${header}.${payload}.${flipped}`,
          `${header}.${payload}.`,
        ]
        refused(await t.as(undefined).get('/users/me'), 401, 'unauthenticated')
        for (const token of tokens) {
          const headers = { authorization: `Bearer ${token}` }
          refused(
            await t.http.call({ method: 'GET', path: '/api/v1/users/me', headers }),
            401,
            'unauthenticated',
          )
        }
      },
    ),
    promise('a token in the URL is not taken', 'No token in the URL', async (t) => {
      const person = await t.person()
      for (const name of ['token', 'access_token', 'auth']) {
        refused(await t.as(undefined).get(`/users/me?${name}=${person.token}`), 401, 'unauthenticated')
      }
    }),
    promise(
      'every route but the doors to an account needs a person',
      STATUS(401, '`unauthenticated`'),
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const nobody = t.as(undefined)
        const routes = [
          ['GET', '/users/me'],
          ['GET', '/users'],
          ['GET', `/users/${bob.id}`],
          ['GET', '/auth/devices'],
          ['GET', '/rooms'],
          ['GET', '/rooms/search?query=a'],
          ['GET', `/rooms/${room}`],
          ['GET', `/rooms/${room}/members`],
          ['GET', `/rooms/${room}/messages`],
          ['GET', `/rooms/${room}/log`],
          ['GET', '/search?query=a'],
          ['DELETE', `/rooms/${room}`],
          ['POST', `/rooms/${room}/leave`],
          ['GET', '/stream'],
          ['DELETE', `/rooms/${room}/members/${ann.id}`],
          ['POST', '/auth/logout'],
        ] as const
        for (const [method, path] of routes) refused(await nobody.call(method, path), 401, 'unauthenticated')
      },
    ),
    promise('an unknown route is not_found', STATUS(404, '`not_found`'), async (t) => {
      const person = await t.person()
      refused(await t.as(person).get('/no-such-route'), 404, 'not_found')
      refused(
        await t.http.call({ method: 'GET', path: '/api/v2/rooms', headers: bearer(person) }),
        404,
        'not_found',
      )
    }),
    promise(
      'a limit of 1 and of 200 is taken; 0, 201 and nonsense are refused, not clamped',
      '| list `limit` | 1–200, default 50 (a larger one is refused, not clamped) |',
      async (t) => {
        const ann = await t.person()
        const room = await groupOf(t.as(ann), t.name('Limits'), [])
        const lists = [
          '/users?',
          '/rooms?',
          '/rooms/search?query=a&',
          `/rooms/${room.id}/members?`,
          `/rooms/${room.id}/messages?`,
          `/rooms/${room.id}/log?after=0&`,
          '/search?query=a&',
        ]
        for (const path of lists) {
          for (const limit of ['1', '200']) done(await t.as(ann).get(`${path}limit=${limit}`), 200)
          for (const limit of ['0', '201', '-1', '1.5', 'many', ''])
            invalid(await t.as(ann).get(`${path}limit=${limit}`), 'limit')
        }
      },
    ),
    promise(
      'a cursor nobody gave out is refused or starts over, never an error of the server',
      'Lists return `next` (opaque, passed back as `cursor`) when there is more.',
      async (t) => {
        const ann = await t.person()
        for (const path of ['/users?', '/rooms?', '/rooms/search?query=a&', '/search?query=a&']) {
          const answer = await t.as(ann).get(`${path}cursor=nobody-gave-this-%00-out`)
          if (answer.status !== 200) invalid(answer)
        }
      },
    ),
  ],
}
