import { at, equal, num, ok, str } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import { cookiesOf } from '../lib/http.ts'
import { credentials, jsonCall } from '../lib/people.ts'
import { unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const LOGIN =
  '`POST /auth/login` `{login, password, totp?}` (`login`: user name, or an e-mail; `username` and `email` are accepted as aliases)'
const SAME = '401 `bad_credentials`, the same text and the same time for an unknown user'
const WITHOUT_ORIGIN = '`refresh_token` in the body only for requests without an `Origin` header'

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
      // Where letters are sent it is taken by whoever verifies it, which nobody can do from here.
      const { mail } = done(await t.as(undefined).get('/auth/options'), 200).body as { mail: unknown }
      if (mail === true) return
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
    promise(
      'an unknown user takes as long as a wrong password',
      SAME,
      async (t) => {
        const { username } = await t.newcomer()
        const timeOf = async (login: string) => {
          const answer = await t.as(undefined).post('/auth/login', { login, password: 'not the password' })
          return refused(answer, 401, 'bad_credentials').ms
        }
        const fastest = { known: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY }
        // The fastest of a few: whatever else the machine does makes a single one slower, never faster.
        for (let round = 0; round < 10; round += 1) {
          fastest.known = Math.min(fastest.known, await timeOf(username))
          fastest.unknown = Math.min(fastest.unknown, await timeOf(`nobody${unique(10)}`))
          const ratio = fastest.unknown / fastest.known
          if (round >= 3 && ratio > 0.6 && ratio < 1.6) return
        }
        const { known, unknown } = fastest
        ok(
          unknown / known > 0.4 && unknown / known < 2.5,
          `fastest answer in ms: known ${known.toFixed(1)}, unknown ${unknown.toFixed(1)}`,
        )
      },
      'alone',
    ),
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
  ],
}
