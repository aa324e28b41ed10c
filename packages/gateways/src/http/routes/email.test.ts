import { ParleyError } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { ann } from '../testing/fake-services.ts'
import { codeOf, ORIGIN, startGateway } from '../testing/start-gateway.ts'

describe('an e-mail address', () => {
  it('is changed with the password only, its language without', async () => {
    const { call, auth } = await startGateway()
    expect((await call('GET', '/api/v1/auth/email')).json().email).toMatchObject({ verified: true })
    expect(codeOf(await call('GET', '/api/v1/auth/email', undefined, {}))).toBe('unauthenticated')
    expect(codeOf(await call('PATCH', '/api/v1/auth/email', { email: 'ben@example.org' }))).toBe(
      'invalid_request',
    )
    await call('PATCH', '/api/v1/auth/email', { email: ' Ben@Example.org ', password: 'secret' })
    expect(auth.calls.at(-1)?.input).toEqual({
      user: ann.id,
      email: 'ben@example.org',
      password: 'secret',
      address: '127.0.0.1',
    })
    expect((await call('PATCH', '/api/v1/auth/email', { locale: 'vi' })).json().email.locale).toBe('vi')
    for (const wrong of [{ locale: 'fr' }, { email: 'no address', password: 'secret' }])
      expect(codeOf(await call('PATCH', '/api/v1/auth/email', wrong))).toBe('invalid_request')
  })

  it('is verified, and a password reset, by who is not signed in', async () => {
    const { call, auth } = await startGateway()
    const anyone = (path: string, body: object) => call('POST', `/api/v1/auth/${path}`, body, {})
    expect((await anyone('email/verify', { token: 'abc' })).statusCode).toBe(204)
    expect((await anyone('password/forgot', { login: 'ann' })).statusCode).toBe(202)
    expect((await anyone('password/reset', { token: 'abc', password: 'correct horse' })).statusCode).toBe(204)
    expect(codeOf(await anyone('password/reset', { token: 'abc', password: 'short' }))).toBe(
      'invalid_request',
    )
    expect(codeOf(await anyone('email/resend', {}))).toBe('unauthenticated')
    auth.answer('forgotPassword', async () => {
      throw new ParleyError('mail_off')
    })
    expect(codeOf(await anyone('password/forgot', { login: 'ann' }))).toBe('mail_off')
    auth.answer('verifyEmail', async () => {
      throw new ParleyError('link_expired')
    })
    expect((await anyone('email/verify', { token: 'abc' })).statusCode).toBe(410)
  })
})

describe('the link that unsubscribes', () => {
  const path = '/api/v1/mail/unsubscribe?token=abc.def'

  it('asks before it does anything, in the language of the browser, on a page that runs nothing', async () => {
    const { call, notifications } = await startGateway()
    const page = await call('GET', path, undefined, { 'accept-language': 'vi' })
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.body).toContain('<form method="post"><button>Hủy nhận thư</button></form>')
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*form-action 'self'/)
    expect(notifications.calls).toEqual([])
  })

  it('ends the letters by one POST, of a mail program or of its own page', async () => {
    const { call, notifications } = await startGateway()
    const forms = [
      ['application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
      ],
    ] as const
    for (const [type, body] of forms)
      expect((await call('POST', path, body, { 'content-type': type })).statusCode, type).toBe(200)
    const own = { 'content-type': forms[0][0], origin: ORIGIN }
    expect((await call('POST', path, '', own)).body).toContain('no more of these letters')
    expect(notifications.calls.map(({ verb, input }) => [verb, input])).toEqual(
      Array(3).fill(['unsubscribe', { token: 'abc.def' }]),
    )
  })

  it('says so where it is not one of ours, and shows nothing of what it was given', async () => {
    const { call, notifications } = await startGateway()
    notifications.answer('unsubscribe', async () => {
      throw new ParleyError('link_expired')
    })
    const answer = await call('POST', '/api/v1/mail/unsubscribe?token=%3Cb%3Ehi', undefined, {})
    expect([answer.statusCode, answer.body.includes('hi<')]).toEqual([410, false])
    expect(answer.body).not.toContain('<b>')
    expect(codeOf(await call('GET', '/api/v1/mail/unsubscribe', undefined, {}))).toBe('invalid_request')
  })

  it('is a choice that its owner has, too', async () => {
    const { call, notifications } = await startGateway()
    const mine = '/api/v1/users/me/notifications/email'
    expect((await call('GET', mine)).json()).toEqual({ digest: '1h' })
    expect((await call('PATCH', mine, { digest: '1d' })).json()).toEqual({ digest: '1d' })
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id, digest: '1d' })
    expect(codeOf(await call('PATCH', mine, { digest: '2h' }))).toBe('invalid_request')
  })
})
