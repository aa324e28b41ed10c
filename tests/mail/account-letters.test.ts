/** Letters about accounts, through the outbox, the queue and a real SMTP server. */
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { createSmtpMailer } from '@parley/adapters/smtp/create-smtp-mailer'
import { silentLog } from '@parley/contracts'
import { createSendMail } from '@parley/services/notifications/digest/send-mail'
import { expect, onTestFinished, test } from 'vitest'
import { codeOf, createAuthKit, RIGHT_PASSWORD } from '../support/auth-kit.ts'
import { type MailServerOptions, type ReceivedMail, startMailServer } from '../support/mail-server.ts'

const PUBLIC_URL = 'https://chat.example.org'
const address = '198.51.100.7'
const HOUR_MS = 3_600_000

async function createPostOffice(options: MailServerOptions = {}) {
  const server = await startMailServer(options)
  const queue = createInProcessWorkQueue(silentLog)
  const kit = await createAuthKit({ publicUrl: PUBLIC_URL, queue })
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${server.port}`, from: 'chat@example.org' })
  const none = async (): Promise<never> => {
    throw new Error('no letter of another service is expected')
  }
  const own = { composeMail: none, settleMail: none }
  await queue.consume(
    'mail.send',
    4,
    createSendMail({ mailer, publicUrl: PUBLIC_URL, auth: kit.auth }, own, silentLog),
  )
  await kit.auth.start()
  onTestFinished(async () => {
    await server.stop()
    mailer.close()
    await kit.close()
  })

  /** Lets the relay look, again and again, until the work is done. */
  async function tick<Result>(work: Promise<Result>): Promise<Result> {
    const timer = setInterval(() => kit.clock.advance(1_000), 20)
    return work.finally(() => clearInterval(timer))
  }
  const letterTo = (to: string, nth = 1): Promise<ReceivedMail> => tick(server.mailTo(to, nth))
  /** The rows of the outbox as `kind outcome`, oldest first, once none waits. */
  async function settled(): Promise<string[]> {
    for (;;) {
      const { rows } = await kit.store.database.query<{ kind: string; outcome: string | null }>(
        'select kind, outcome from auth.mail order by id',
      )
      if (rows.every((row) => row.outcome !== null)) return rows.map((row) => `${row.kind} ${row.outcome}`)
      await tick(new Promise((resolve) => setTimeout(resolve, 50)))
    }
  }
  /** Registers, verifies, answers the account. */
  async function join(username: string) {
    const email = `${username}@example.org`
    const signIn = await kit.register(username, { email })
    const mail = await letterTo(email)
    await kit.auth.verifyEmail({ token: mail.token('/verify-email'), address })
    return { ...signIn, email }
  }
  return { ...kit, server, letterTo, settled, join, tick }
}

test('a registration is followed by a letter whose link verifies the address, once', async () => {
  const { auth, register, letterTo } = await createPostOffice()
  const { user } = await register('ann', {
    email: 'ann@example.org',
    locale: 'vi',
    display_name: '<b>Ann</b> http://evil.example',
  })
  expect((await auth.getEmail({ user: user.id })).email).toEqual({
    address: 'ann@example.org',
    verified: false,
    locale: 'vi',
  })
  const mail = await letterTo('ann@example.org')
  expect(mail.subject).toBe('Xác nhận địa chỉ e-mail của bạn')
  expect(mail.html).toContain(`href="${PUBLIC_URL}/verify-email#`)
  // Whoever registers with the address of another chooses no word of what that other one reads.
  expect(`${mail.text} ${mail.html}`).not.toMatch(/evil|<b>/)
  const token = mail.token('/verify-email')
  expect(await codeOf(auth.verifyEmail({ token: 'x', address }))).toBe('link_expired')
  await auth.verifyEmail({ token, address })
  expect((await auth.getEmail({ user: user.id })).email.verified).toBe(true)
  expect(await codeOf(auth.verifyEmail({ token, address }))).toBe('link_expired')
  expect(await codeOf(auth.resendVerification({ user: user.id }))).toBe('conflict')
})

test('a link that is a day old verifies nothing, a new one does', async () => {
  const { auth, register, letterTo, clock } = await createPostOffice()
  const { user } = await register('ann', { email: 'ann@example.org' })
  const old = (await letterTo('ann@example.org')).token('/verify-email')
  clock.advance(24 * HOUR_MS)
  expect(await codeOf(auth.verifyEmail({ token: old, address }))).toBe('link_expired')
  await auth.resendVerification({ user: user.id })
  const fresh = (await letterTo('ann@example.org', 2)).token('/verify-email')
  await auth.verifyEmail({ token: fresh, address })
})

test('whoever shows that an address is theirs has it, and not who typed it first', async () => {
  const { auth, register, join, letterTo } = await createPostOffice()
  const squatter = await register('squatter', { email: 'ann@example.com' })
  const { user } = await join('ann')
  const change = { user: user.id, email: 'ann@example.com', password: RIGHT_PASSWORD, address }
  expect(await codeOf(auth.setEmail({ ...change, password: 'wrong horse' }))).toBe('bad_credentials')
  expect((await auth.setEmail(change)).email).toMatchObject({
    address: 'ann@example.org',
    verified: true,
    pending: 'ann@example.com',
  })
  const mail = await letterTo('ann@example.com', 2)
  await auth.verifyEmail({ token: mail.token('/verify-email'), address })
  expect((await auth.getEmail({ user: user.id })).email).toEqual({
    address: 'ann@example.com',
    verified: true,
    locale: 'en',
  })
  expect((await auth.getEmail({ user: squatter.user.id })).email).toEqual({ verified: false, locale: 'en' })
  expect(
    await codeOf(
      auth.setEmail({ user: squatter.user.id, email: 'ann@example.com', password: RIGHT_PASSWORD, address }),
    ),
  ).toBe('email_taken')
})

test('who registers with an address that another has not verified can show that it is theirs', async () => {
  const { auth, register, login, letterTo, settled } = await createPostOffice()
  const squatter = await register('squatter', { email: 'ann@example.com' })
  await letterTo('ann@example.com')
  const ann = await register('ann', { email: 'ann@example.com' })
  expect((await auth.getEmail({ user: ann.user.id })).email).toMatchObject({
    verified: false,
    pending: 'ann@example.com',
  })
  expect(await codeOf(register('ann', { email: 'ann@example.com' }))).toBe('username_taken')
  const mail = await letterTo('ann@example.com', 2)
  await auth.verifyEmail({ token: mail.token('/verify-email'), address })
  expect((await login('ann@example.com')).user.id).toBe(ann.user.id)
  expect((await auth.getEmail({ user: squatter.user.id })).email).toEqual({ verified: false, locale: 'en' })
  expect(await codeOf(register('late', { email: 'ann@example.com' }))).toBe('email_taken')
  // Nor is the address of somebody bombarded by whoever makes many accounts with it.
  await register('first', { email: 'victim@example.com' })
  for (let n = 0; n < 12; n++) await register(`other-${n}`, { email: 'victim@example.com' })
  expect((await settled()).filter((row) => row.startsWith('verify'))).toHaveLength(2 + 1 + 10)
})

test('a forgotten password is replaced by the link, once, within an hour, and every session ends', async () => {
  const { auth, join, login, letterTo, clock, store } = await createPostOffice()
  const { refresh_token, email } = await join('ann')
  await auth.forgotPassword({ login: 'ANN', address })
  const late = (await letterTo(email, 2)).token('/reset-password')
  clock.advance(HOUR_MS)
  const password = 'another horse battery'
  expect(await codeOf(auth.resetForgotten({ token: late, password, address }))).toBe('link_expired')
  await auth.forgotPassword({ login: email, address })
  const mail = await letterTo(email, 3)
  const token = mail.token('/reset-password')
  const held = JSON.stringify((await store.database.query('select * from auth.mail_token, auth.mail')).rows)
  expect(held).not.toContain(token)
  expect(await codeOf(auth.resetForgotten({ token, password: 'password123', address }))).toBe(
    'password_too_common',
  )
  await auth.resetForgotten({ token, password, address })
  expect(await codeOf(auth.refresh({ refresh_token }))).toBe('unauthenticated')
  expect(await codeOf(login('ann'))).toBe('bad_credentials')
  await login('ann', password)
  expect(await codeOf(auth.resetForgotten({ token, password, address }))).toBe('link_expired')
})

test('a link for a new password is void once the password or the address has changed', async () => {
  const { auth, join, letterTo } = await createPostOffice()
  const { user, device, email } = await join('ann')
  const [first, second, third] = [RIGHT_PASSWORD, 'second horse battery', 'third horse battery']
  const link = async (nth: number) => {
    await auth.forgotPassword({ login: `${nth === 2 ? 'ann' : email}`, address })
    return (await letterTo(email, nth)).token('/reset-password')
  }
  const use = (token: string) => codeOf(auth.resetForgotten({ token, password: 'not taken at all', address }))
  const changed = await link(2)
  await auth.changePassword({ user: user.id, device, current: first, next: second, address })
  expect(await use(changed)).toBe('link_expired')
  const replaced = await link(3)
  await auth.resetPassword({ username: 'ann', password: third })
  expect(await use(replaced)).toBe('link_expired')
  const moved = await link(4)
  await auth.setEmail({ user: user.id, email: 'ann@example.com', password: third, address })
  expect(await use(moved)).toBe('link_expired')
})

test('a link that verifies is void once the password has changed', async () => {
  const { auth, register, letterTo } = await createPostOffice()
  const { user, device } = await register('ann', { email: 'ann@example.org' })
  const token = (await letterTo('ann@example.org')).token('/verify-email')
  const [current, next] = [RIGHT_PASSWORD, 'second horse battery']
  await auth.changePassword({ user: user.id, device, current, next, address })
  expect(await codeOf(auth.verifyEmail({ token, address }))).toBe('link_expired')
  await auth.resendVerification({ user: user.id })
  const fresh = (await letterTo('ann@example.org', 2)).token('/verify-email')
  await auth.resetPassword({ username: 'ann', password: 'third horse battery' })
  expect(await codeOf(auth.verifyEmail({ token: fresh, address }))).toBe('link_expired')
})

test('a change of address that is refused leaves the language as it was', async () => {
  const { auth, register } = await createPostOffice()
  const { user } = await register('ann')
  const change = { user: user.id, email: 'ann@example.org', locale: 'vi', address } as const
  expect(await codeOf(auth.setEmail({ ...change, password: 'wrong horse' }))).toBe('bad_credentials')
  expect((await auth.getEmail({ user: user.id })).email.locale).toBe('en')
  expect((await auth.setEmail({ ...change, password: RIGHT_PASSWORD })).email.locale).toBe('vi')
})

test('many accounts together send few letters to an address that none of them has shown to be theirs', async () => {
  const { auth, register, settled } = await createPostOffice()
  const ask = async (n: number) => {
    const { user } = await register(`person-${n}`)
    const change = { user: user.id, email: 'victim@example.com', password: RIGHT_PASSWORD, address }
    return codeOf(auth.setEmail(change))
  }
  const codes = []
  for (let n = 0; n < 12; n++) codes.push(await ask(n))
  expect(codes).toEqual([...Array(10).fill('none'), 'rate_limited', 'rate_limited'])
  expect(await settled()).toHaveLength(10)
})

test('nobody learns by the way to a new password who has an account, and nobody unverified gets a letter', async () => {
  const { auth, register, settled, join, store, server } = await createPostOffice()
  await register('ben', { email: 'ben@example.org' })
  const { user } = await join('ann')
  await store.database.query('update auth.account set disabled = true where id = $1', [user.id])
  for (const login of ['nobody', 'ben', 'ben@example.org', 'ann', '\u0000', ' '])
    expect(await auth.forgotPassword({ login, address })).toEqual({})
  expect(await settled()).toEqual([
    'verify sent',
    'verify sent',
    'reset dropped',
    'reset dropped',
    'reset dropped',
    'reset dropped',
  ])
  expect(server.received).toHaveLength(2)
})

test('whoever asks again and again for another one’s letter gets three, and hears no difference', async () => {
  const { auth, join, settled } = await createPostOffice()
  const { email } = await join('ann')
  for (let n = 0; n < 10; n++) await auth.forgotPassword({ login: email, address: `198.51.100.${n}` })
  expect(await settled()).toEqual(['verify sent', 'reset sent', 'reset sent', 'reset sent'])
  const flood = async () => {
    for (let n = 0; n < 30; n++) await auth.forgotPassword({ login: `name-${n}`, address })
  }
  expect(await codeOf(flood())).toBe('rate_limited')
})

test('a sign-in is told with device, time and address, to verified addresses only', async () => {
  const { auth, join, register, login, letterTo, settled, clock } = await createPostOffice()
  await register('ben')
  await login('ben')
  const { email } = await join('ann')
  const when = clock.now()
  await auth.login({
    login: 'ann',
    password: RIGHT_PASSWORD,
    lifetime: 'short',
    device_name: 'Evil\r\nBcc: x@y.example <script>http://evil.example',
    address: '203.0.113.9',
  })
  const mail = await letterTo(email, 2)
  expect(mail.subject).toBe('New sign-in to your account')
  expect(mail.text).toContain('Address: 203.0.113.9')
  expect(mail.text).toContain(new Date(when).toISOString().slice(11, 16))
  expect(mail.html).toContain('&lt;script&gt;')
  expect(mail.raw).not.toMatch(/^Bcc:/m)
  expect(mail.text).not.toContain('http://evil.example')
  expect(await settled()).toEqual(['verify sent', 'new_device sent'])
})

test('while the mail server is away letters wait, and then arrive once', async () => {
  const { auth, register, server, tick, store, settled } = await createPostOffice()
  await server.stop()
  await register('ann', { email: 'ann@example.org' })
  const attempts = async () =>
    (await store.database.query<{ attempts: number }>('select attempts from auth.mail')).rows[0]?.attempts ??
    0
  while ((await attempts()) < 3) await tick(new Promise((resolve) => setTimeout(resolve, 50)))
  const back = await startMailServer({ port: server.port })
  onTestFinished(() => back.stop())
  const mail = await tick(back.mailTo('ann@example.org'))
  await auth.verifyEmail({ token: mail.token('/verify-email'), address })
  expect([await settled(), back.received.length]).toEqual([['verify sent'], 1])
})

test('a letter that two processes are handed is sent by one, and by the other only if that one dies', async () => {
  const queue = createInProcessWorkQueue(silentLog)
  const kit = await createAuthKit({ publicUrl: PUBLIC_URL, queue })
  onTestFinished(() => kit.close())
  await kit.register('ann', { email: 'ann@example.org' })
  const { rows } = await kit.store.database.query<{ id: string }>('select id from auth.mail')
  const id = rows[0]?.id ?? ''
  const compose = async (auth = kit.auth) =>
    auth.composeMail({ id }).then(
      ({ mail }) => mail?.to ?? 'nothing',
      (error: { code: string }) => error.code,
    )
  const both = await Promise.all([compose(), compose(kit.another())])
  expect(both.toSorted()).toEqual(['ann@example.org', 'conflict'])
  kit.clock.advance(3 * 60_000)
  expect(await compose()).toBe('ann@example.org')
  await kit.auth.settleMail({ id, outcome: 'later' })
  expect(await compose()).toBe('ann@example.org')
  await kit.auth.settleMail({ id, outcome: 'sent' })
  expect(await compose()).toBe('nothing')
  kit.clock.advance(3 * 60_000)
  expect(await compose()).toBe('nothing')
})

test('a mailbox that refuses for good is left in peace, and what is a day old is not sent any more', async () => {
  const post = await createPostOffice({
    refuseRecipient: (to) => (to.startsWith('nobody') ? 550 : undefined),
  })
  await post.register('ann', { email: 'nobody@example.org' })
  expect(await post.settled()).toEqual(['verify refused'])
  post.server.hold()
  await post.register('ben', { email: 'ben@example.org' })
  await post.tick(post.server.untilHeld(1))
  post.clock.advance(24 * HOUR_MS)
  post.server.release()
  expect(await post.settled()).toEqual(['verify refused', expect.stringMatching(/^verify (late|dropped)$/)])
  expect(post.server.received).toEqual([])
})

test('where no mail is sent, addresses are set at once and nothing waits anywhere', async () => {
  const kit = await createAuthKit()
  onTestFinished(() => kit.close())
  const { user } = await kit.register('ann', { email: 'ann@example.org' })
  await kit.login('ann')
  expect(await kit.auth.signInOptions({})).toEqual({ mail: false })
  expect(await codeOf(kit.auth.forgotPassword({ login: 'ann', address }))).toBe('mail_off')
  expect(await codeOf(kit.auth.resendVerification({ user: user.id }))).toBe('mail_off')
  const { email } = await kit.auth.setEmail({
    user: user.id,
    email: 'new@example.org',
    password: RIGHT_PASSWORD,
    address,
  })
  expect(email).toEqual({ address: 'new@example.org', verified: false, locale: 'en' })
  expect((await kit.store.database.query('select 1 from auth.mail')).rows).toEqual([])
})
