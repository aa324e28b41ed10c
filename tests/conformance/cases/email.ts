import { at, equal, ok, oneOf, str } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import { unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'

const OPTIONS = '`GET /auth/options` → `{mail}`: whether this server sends e-mail; needs no sign-in'
const EMAIL =
  '`GET /auth/email`, `PATCH` `{email?, password?, locale?}` → `{email: {address?, verified, pending?, locale}}`'
const DIGEST =
  '`GET /users/me/notifications/email`, `PATCH` `{digest: "off"|"15m"|"1h"|"1d"}` → `{digest}`; `1h` if nothing was set'
const EXPIRED = '`link_expired` for a token that is not one'
const FORGOT = '`POST /auth/password/forgot` → 202 `{}`, always; `mail_off` where no e-mail is sent'

/** What no server can have sent. */
const NO_TOKEN = 'x'.repeat(43)

export const email: Topic = {
  topic: 'E-mail',
  cases: [
    promise(
      'an address is there from the registration, unverified, and nobody else sees it',
      EMAIL,
      async (t) => {
        const person = await t.person()
        const me = t.as(person)
        const state = at(done(await me.get('/auth/email'), 200).body, 'email')
        equal(str(state, 'address'), person.email.toLowerCase(), 'address')
        equal(at(state, 'verified'), false, 'verified')
        oneOf(str(state, 'locale'), ['en', 'vi'], 'locale')
        refused(await t.as(undefined).get('/auth/email'), 401, 'unauthenticated')
        const others = done(await t.as(await t.person()).get(`/users?ids=${person.id}`), 200)
        ok(!others.text.toLowerCase().includes(person.email.toLowerCase()), 'an address in a user')
      },
    ),
    promise('another address takes the password, another language does not', EMAIL, async (t) => {
      const person = await t.person()
      const me = t.as(person)
      const next = `${unique(12)}@example.org`
      invalid(await me.patch('/auth/email', { email: next }))
      invalid(await me.patch('/auth/email', { email: 'nobody', password: person.password }))
      refused(
        await me.patch('/auth/email', { email: next, password: 'something else' }),
        401,
        'bad_credentials',
      )
      const { password } = person
      const changed = at(done(await me.patch('/auth/email', { email: next, password }), 200).body, 'email')
      const shown = changed as { address?: string; pending?: string }
      oneOf(next, [shown.address ?? '', shown.pending ?? ''], 'the new address')
      const spoken = at(done(await me.patch('/auth/email', { locale: 'vi' }), 200).body, 'email')
      equal(str(spoken, 'locale'), 'vi', 'locale')
      invalid(await me.patch('/auth/email', { locale: 'xx' }))
      // As it was, for those who borrow this person next.
      done(await me.patch('/auth/email', { email: person.email, password, locale: 'en' }), 200)
    }),
    promise('who forgot the password hears the same for every name', FORGOT, async (t) => {
      const nobody = t.as(undefined)
      const { mail } = done(await nobody.get('/auth/options'), 200).body as { mail: unknown }
      ok(typeof mail === 'boolean', `${OPTIONS}: ${String(mail)}`)
      for (const login of [(await t.person()).username, `nobody-${unique(12)}`]) {
        const answer = await nobody.post('/auth/password/forgot', { login })
        if (mail === true) done(answer, 202)
        else refused(answer, 409, 'mail_off')
      }
      invalid(await nobody.post('/auth/password/forgot', {}))
    }),
    promise('a token that nobody was sent opens nothing', EXPIRED, async (t) => {
      const nobody = t.as(undefined)
      refused(await nobody.post('/auth/email/verify', { token: NO_TOKEN }), 410, 'link_expired')
      const password = `pw-${unique(12)}`
      refused(await nobody.post('/auth/password/reset', { token: NO_TOKEN, password }), 410, 'link_expired')
      invalid(await nobody.post('/auth/password/reset', { token: NO_TOKEN, password: 'short' }))
    }),
    promise('how soon what stays unread is sent is one’s own choice', DIGEST, async (t) => {
      const me = t.as(await t.person())
      const path = '/users/me/notifications/email'
      equal(str(done(await me.get(path), 200).body, 'digest'), '1h', 'at first')
      for (const digest of ['off', '15m', '1d', '1h']) {
        done(await me.patch(path, { digest }), 200)
        equal(str(done(await me.get(path), 200).body, 'digest'), digest, 'digest')
      }
      invalid(await me.patch(path, { digest: '2h' }))
      refused(await t.as(undefined).get(path), 401, 'unauthenticated')
    }),
  ],
}
