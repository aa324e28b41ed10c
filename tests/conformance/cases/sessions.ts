import { at, equal, eventually, list, ok, oneOf, show } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import { bearer, type Context } from '../lib/context.ts'
import { cookiesOf } from '../lib/http.ts'
import { credentials, type Person } from '../lib/people.ts'
import { foreignIds, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const REFRESH =
  '`POST /auth/refresh`: 200 as above; the predecessor is still taken for 30 s while its successor is unused; any other reuse ends that device session'
const LOGOUT = '`POST /auth/logout`: 204; the token is refused at once, its sockets close'
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

export const sessions: Topic = {
  topic: 'Sessions and devices',
  cases: [
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
    promise('after logout the very next request is refused', LOGOUT, async (t) => {
      const person = await t.newcomer()
      for (let round = 0; round < 5; round += 1) {
        const device = await t.device(person)
        done(await t.as(device).get('/users/me'), 200)
        done(await t.as(device).post('/auth/logout'), 204)
        refused(await t.as(device).get('/users/me'), 401, 'unauthenticated')
      }
    }),
    promise('logout refuses the token at once and closes its sockets', LOGOUT, async (t) => {
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
        equal(await dialled.wire.closed(), { code: 4001, reason: 'unauthenticated' }, 'close of a new socket')
      await others.ok('ping')
      done(await t.as(other).get('/users/me'), 200)
    }),
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
