import { at, equal, eventually, list, num, ok, oneOf, show, str } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import { bearer, type Context } from '../lib/context.ts'
import { cookiesOf } from '../lib/http.ts'
import { credentials, jsonCall, type Person } from '../lib/people.ts'
import { foreignIds, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const LOGIN =
  '`POST /auth/login` `{login, password, totp?}` (`login`: user name, or an e-mail; `username` and `email` are accepted as aliases)'
const SAME = '401 `bad_credentials`, the same text and the same time for an unknown user'
const REFRESH =
  '`POST /auth/refresh`: 200 as above; the predecessor is still taken for 30 s while its successor is unused; any other reuse ends that device session'
const WITHOUT_ORIGIN = '`refresh_token` in the body only for requests without an `Origin` header'
const PASSWORD = '`POST /auth/password` `{current, next}`: 204; other devices end'
const DEVICES = '`GET /auth/devices`, `DELETE /auth/devices/{id}`: signed-in devices; revoke one'
const REVOKED_WITHIN_MS = 3_000

function refresh(t: Context, refreshToken: string) {
  return t.as(undefined).post('/auth/refresh', { refresh_token: refreshToken })
}

/** Waits until the token is refused: other processes may need a moment to hear of it. */
async function ends(t: Context, person: Person, withinMs = REVOKED_WITHIN_MS): Promise<void> {
  await eventually('the token is refused', withinMs, async () => {
    const answer = await t.as(person).get('/users/me')
    if (answer.status === 200) return undefined
    return refused(answer, 401, 'unauthenticated')
  })
}

/** The list of devices, whatever its key is called. */
async function devicesOf(t: Context, person: Person): Promise<unknown[]> {
  const { body } = done(await t.as(person).get('/auth/devices'), 200)
  return list(at(body, 'devices') ?? Object.values(body as object).find(Array.isArray))
}

export const accounts: Topic = {
  topic: 'Accounts',
  cases: [
    promise(
      'register answers 201 with the person and tokens',
      '`POST /auth/register` … 201 `{user, access_token, expires_in}` (seconds) + cookies',
      async (t) => {
        const username = `r${unique(12)}`
        const answer = done(
          await t.as(undefined).post('/auth/register', { username, password: `pw-${unique(12)}` }),
          201,
        )
        equal(shape.user(at(answer.body, 'user')).username, username, 'user.username')
        const seconds = num(answer.body, 'expires_in')
        ok(
          Number.isInteger(seconds) && seconds > 0 && seconds <= 86_400,
          `expires_in is not a bearable number of seconds: ${seconds}`,
        )
        str(answer.body, 'access_token')
        str(answer.body, 'refresh_token')
        ok(cookiesOf(answer) !== '', 'no cookie')
        ok(!answer.text.includes('"password"'), 'a password in the answer')
      },
    ),
    promise('a user name that is taken is 409', '| 409 | `username_taken` |', async (t) => {
      const person = await t.person()
      refused(
        await t
          .as(undefined)
          .post('/auth/register', { username: person.username, password: `pw-${unique(12)}` }),
        409,
        'username_taken',
      )
    }),
    promise('an e-mail that is taken is 409', '| 409 | `email_taken` |', async (t) => {
      const person = await t.person()
      for (const email of [person.email, person.email.toUpperCase()]) {
        const body = { username: `e${unique(12)}`, password: `pw-${unique(12)}`, email }
        refused(await t.as(undefined).post('/auth/register', body), 409, 'email_taken')
      }
    }),
    promise(
      'what is no e-mail address is refused',
      '`invalid_request` (`details` names the fields)',
      async (t) => {
        for (const email of ['nobody', 'a@', '@b', 'a b@c.example', 7, `a\u0000@b.example`]) {
          invalid(
            await t
              .as(undefined)
              .post('/auth/register', { username: `e${unique(12)}`, password: `pw-${unique(12)}`, email }),
            'email',
          )
        }
      },
    ),
    promise(
      'of two registrations of one name at the same time one wins',
      '| 409 | `username_taken` |',
      async (t) => {
        const body = { username: `t${unique(12)}`, password: `pw-${unique(12)}` }
        const answers = await Promise.all([1, 2, 3].map(() => t.as(undefined).post('/auth/register', body)))
        equal(answers.filter((one) => one.status === 201).length, 1, 'registrations that succeeded')
        for (const answer of answers) if (answer.status !== 201) refused(answer, 409, 'username_taken')
      },
    ),
    promise('log in by user name, by e-mail and by the aliases', LOGIN, async (t) => {
      const { username, email, password, id } = await t.person()
      for (const body of [{ login: username }, { login: email }, { username }, { email }]) {
        const answer = done(await t.as(undefined).post('/auth/login', { ...body, password }), 200)
        equal(shape.user(at(answer.body, 'user')).id, id, 'user.id')
        credentials(answer)
      }
    }),
    promise('a wrong password and an unknown user get the same answer', SAME, async (t) => {
      const { username } = await t.person()
      const wrong = await t
        .as(undefined)
        .post('/auth/login', { login: username, password: 'not the password' })
      const unknown = await t
        .as(undefined)
        .post('/auth/login', { login: `nobody${unique(10)}`, password: 'not the password' })
      refused(wrong, 401, 'bad_credentials')
      refused(unknown, 401, 'bad_credentials')
      equal(
        at(unknown.body, 'error.message'),
        at(wrong.body, 'error.message'),
        'the message for an unknown user',
      )
      equal(
        at(unknown.body, 'error.details'),
        at(wrong.body, 'error.details'),
        'the details for an unknown user',
      )
    }),
    promise('an unknown user takes as long as a wrong password', SAME, async (t) => {
      const { username } = await t.newcomer()
      const login = (name: string) =>
        t.as(undefined).post('/auth/login', { login: name, password: 'not the password' })
      const fastest = { known: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY }
      // The fastest of several, asked side by side: other cases load the server meanwhile.
      for (let round = 0; round < 10; round += 1) {
        const [known, unknown] = await Promise.all([login(username), login(`nobody${unique(10)}`)])
        for (const answer of [known, unknown]) refused(answer, 401, 'bad_credentials')
        fastest.known = Math.min(fastest.known, known.ms)
        fastest.unknown = Math.min(fastest.unknown, unknown.ms)
        const ratio = fastest.unknown / fastest.known
        if (round >= 3 && ratio > 0.6 && ratio < 1.6) return
      }
      const { known, unknown } = fastest
      ok(
        unknown / known > 0.4 && unknown / known < 2.5,
        `fastest answer in ms: known ${known.toFixed(1)}, unknown ${unknown.toFixed(1)}`,
      )
    }),
    promise('a log-in without its fields is invalid', '`invalid_request`', async (t) => {
      for (const body of [
        {},
        { login: 'someone' },
        { password: 'some password' },
        { login: 7, password: 'x' },
      ]) {
        invalid(await t.as(undefined).post('/auth/login', body))
      }
    }),
    promise(
      'the refresh token is in the body without an Origin and is not with one',
      WITHOUT_ORIGIN,
      async (t) => {
        const { username, password } = await t.person()
        const call = jsonCall('POST', '/api/v1/auth/login', { login: username, password })
        const browser = done(
          await t.http.call({ ...call, headers: { ...call.headers, origin: t.target.origin } }),
          200,
        )
        equal(at(browser.body, 'refresh_token'), undefined, 'refresh_token in an answer to a browser')
        str(browser.body, 'access_token')
        str(done(await t.http.call(call), 200).body, 'refresh_token')
        const body = { username: `o${unique(12)}`, password: `pw-${unique(12)}` }
        const registration = jsonCall('POST', '/api/v1/auth/register', body)
        const made = await t.http.call({
          ...registration,
          headers: { ...registration.headers, origin: t.target.origin },
        })
        equal(at(done(made, 201).body, 'refresh_token'), undefined, 'refresh_token in an answer to a browser')
      },
    ),
    promise('refresh gives a new pair that works', REFRESH, async (t) => {
      const person = await t.newcomer()
      const answer = done(await refresh(t, person.refreshToken), 200)
      const next = { ...person, ...credentials(answer) }
      equal(shape.user(at(answer.body, 'user')).id, person.id, 'user.id')
      ok(next.refreshToken !== person.refreshToken, 'the refresh token was not rotated')
      done(await t.as(next).get('/users/me'), 200)
      done(await refresh(t, next.refreshToken), 200)
    }),
    promise(
      'refresh by cookie needs an allowed Origin and sets new cookies',
      '`{refresh_token}` or cookie',
      async (t) => {
        const { cookies } = await t.newcomer()
        const call = { method: 'POST', path: '/api/v1/auth/refresh' }
        refused(await t.http.call({ ...call, headers: { cookie: cookies } }), 403, 'bad_origin')
        const answer = done(
          await t.http.call({ ...call, headers: { cookie: cookies, origin: t.target.origin } }),
          200,
        )
        equal(at(answer.body, 'refresh_token'), undefined, 'refresh_token in an answer to a browser')
        ok(cookiesOf(answer) !== '', 'no new cookie')
        done(
          await t.http.call({
            method: 'GET',
            path: '/api/v1/users/me',
            headers: { cookie: cookiesOf(answer) },
          }),
          200,
        )
      },
    ),
    promise('the predecessor is still taken while its successor is unused', REFRESH, async (t) => {
      const person = await t.newcomer()
      done(await refresh(t, person.refreshToken), 200)
      const again = { ...person, ...credentials(done(await refresh(t, person.refreshToken), 200)) }
      done(await t.as(again).get('/users/me'), 200)
    }),
    promise(
      'using the predecessor after its successor ends that device, and only that',
      REFRESH,
      async (t) => {
        const person = await t.newcomer()
        const other = await t.device(person)
        const second = { ...person, ...credentials(done(await refresh(t, person.refreshToken), 200)) }
        const third = { ...person, ...credentials(done(await refresh(t, second.refreshToken), 200)) }
        const link = await t.connect(third)
        refused(await refresh(t, person.refreshToken), 401, [
          'unauthenticated',
          'token_expired',
          'bad_credentials',
        ])
        refused(await refresh(t, third.refreshToken), 401, [
          'unauthenticated',
          'token_expired',
          'bad_credentials',
        ])
        await ends(t, third)
        equal(
          await link.closed(),
          { code: 4003, reason: 'session_revoked' },
          'close of the device whose token was used again',
        )
        done(await t.as(other).get('/users/me'), 200)
      },
    ),
    promise(
      'the predecessor is not taken after 30 s',
      REFRESH,
      async (t) => {
        const person = await t.newcomer()
        const second = { ...person, ...credentials(done(await refresh(t, person.refreshToken), 200)) }
        await t.pause(31_500)
        refused(await refresh(t, person.refreshToken), 401, [
          'unauthenticated',
          'token_expired',
          'bad_credentials',
        ])
        await ends(t, second)
      },
      'slow',
    ),
    promise('a refresh token nobody gave out is refused', '| 401 | `unauthenticated` |', async (t) => {
      for (const bad of ['x', unique(32), '']) {
        const answer = await refresh(t, bad)
        refused(answer, bad === '' ? [400, 401] : 401, [
          'unauthenticated',
          'token_expired',
          'bad_credentials',
          'invalid_request',
        ])
      }
      refused(
        await t.as(undefined).post('/auth/refresh', {}),
        [400, 401],
        ['unauthenticated', 'invalid_request'],
      )
    }),
    promise(
      'an access token does not refresh, and a refresh token gives no access',
      '| 401 | `unauthenticated` |',
      async (t) => {
        const person = await t.newcomer()
        refused(
          await t.as({ ...person, token: person.refreshToken }).get('/users/me'),
          401,
          'unauthenticated',
        )
        refused(await refresh(t, person.token), 401, ['unauthenticated', 'token_expired', 'bad_credentials'])
      },
    ),
    promise(
      'logout refuses the token at once and closes its sockets',
      '`POST /auth/logout`: 204; the token is refused at once, its sockets close',
      async (t) => {
        const person = await t.newcomer()
        const other = await t.device(person)
        const [mine, others] = await Promise.all([t.connect(person), t.connect(other)])
        done(await t.as(person).post('/auth/logout'), 204)
        refused(await t.as(person).get('/users/me'), 401, 'unauthenticated')
        equal(await mine.closed(), { code: 4003, reason: 'session_revoked' }, 'close of the socket')
        refused(await refresh(t, person.refreshToken), 401, [
          'unauthenticated',
          'token_expired',
          'bad_credentials',
        ])
        const dialled = await t.dial({ headers: bearer(person) })
        if ('refusedWith' in dialled) equal(dialled.refusedWith, 401, 'status of the refused upgrade')
        else
          equal(
            await dialled.wire.closed(),
            { code: 4001, reason: 'unauthenticated' },
            'close of a new socket',
          )
        await others.ok('ping')
        done(await t.as(other).get('/users/me'), 200)
      },
    ),
    promise('a new password ends the other devices and their sockets, not this one', PASSWORD, async (t) => {
      const person = await t.newcomer()
      const other = await t.device(person)
      const [mine, others] = await Promise.all([t.connect(person), t.connect(other)])
      const next = `pw-${unique(14)}`
      done(await t.as(person).post('/auth/password', { current: person.password, next }), 204)
      await ends(t, other)
      equal(await others.closed(), { code: 4003, reason: 'session_revoked' }, 'close of the other device')
      refused(await refresh(t, other.refreshToken), 401, [
        'unauthenticated',
        'token_expired',
        'bad_credentials',
      ])
      await mine.ok('ping')
      done(await t.as(person).get('/users/me'), 200)
      const old = { login: person.username, password: person.password }
      refused(await t.as(undefined).post('/auth/login', old), 401, 'bad_credentials')
      done(await t.as(undefined).post('/auth/login', { ...old, password: next }), 200)
    }),
    promise('a new password needs the current one and keeps the bounds', PASSWORD, async (t) => {
      const person = await t.person()
      const change = (current: unknown, next: unknown) =>
        t.as(person).post('/auth/password', { current, next })
      refused(await change('not the password', `pw-${unique(14)}`), 401, 'bad_credentials')
      refused(await change(person.password, 'password'), 422, 'password_too_common')
      for (const bad of [unique(7), unique(32).repeat(5).slice(0, 129), 7, null])
        invalid(await change(person.password, bad), 'next')
      done(
        await t.as(undefined).post('/auth/login', { login: person.username, password: person.password }),
        200,
      )
    }),
    promise('devices lists the signed-in devices', DEVICES, async (t) => {
      const person = await t.newcomer()
      const before = await devicesOf(t, person)
      await t.device(person)
      const after = await devicesOf(t, person)
      equal([before.length, after.length], [1, 2], 'devices before and after another log-in')
      for (const device of after) shape.id(device, 'id')
    }),
    promise('a revoked device is refused, and its sockets close', DEVICES, async (t) => {
      const person = await t.newcomer()
      const [mine] = await devicesOf(t, person)
      const other = await t.device(person)
      const theirs = (await devicesOf(t, person)).find((device) => at(device, 'id') !== at(mine, 'id'))
      const link = await t.connect(other)
      const answer = await t.as(person).delete(`/auth/devices/${shape.id(theirs, 'id')}`)
      oneOf(answer.status, [200, 204], `status of ${answer.what}`)
      await ends(t, other)
      equal(await link.closed(), { code: 4003, reason: 'session_revoked' }, 'close of the revoked device')
      refused(await refresh(t, other.refreshToken), 401, [
        'unauthenticated',
        'token_expired',
        'bad_credentials',
      ])
      equal((await devicesOf(t, person)).length, 1, 'devices left')
    }),
    promise(
      'nobody revokes the device of another',
      '| 404 | `not_found` – also for everything one may not know exists |',
      async (t) => {
        const [victim, eve] = await Promise.all([t.newcomer(), t.person()])
        const [device] = await devicesOf(t, victim)
        const id = shape.id(device, 'id')
        refused(await t.as(eve).delete(`/auth/devices/${id}`), 404, 'not_found')
        refused(await t.as(eve).delete(`/auth/devices/${foreignIds(id, 1)[0]}`), 404, 'not_found')
        done(await t.as(victim).get('/users/me'), 200)
        ok(!show(await devicesOf(t, eve), 100_000).includes(id), 'the device of another is listed')
      },
    ),
  ],
}
