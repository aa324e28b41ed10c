import { readFile } from 'node:fs/promises'
import { createSmtpMailer } from '@parley/adapters/smtp/create-smtp-mailer'
import type { Letter } from '@parley/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../server/run-parley.ts'
import { makeCertificate } from '../support/front-door.ts'
import { type MailServerOptions, startMailServer } from '../support/mail-server.ts'

const FROM = 'Parley <chat@example.org>'
const letter: Letter = {
  id: '0letter',
  to: 'ann@example.org',
  subject: 'Chào bạn',
  text: 'Xin chào!\n',
  html: '<p>Xin chào!</p>',
}

async function serve(options: MailServerOptions = {}) {
  const server = await startMailServer(options)
  onTestFinished(() => server.stop())
  return server
}

async function certificate() {
  const files = await makeCertificate(await temporaryDirectory())
  const [key, cert] = await Promise.all([readFile(files.key, 'utf8'), readFile(files.certificate, 'utf8')])
  return { key, cert }
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: { code?: string; message?: string }) => `${error.code}: ${error.message}`,
  )

test('a letter arrives with both its forms, a stable Message-ID and the headers of one click', async () => {
  // Nobody vouches for the certificate, and nothing is demanded: better than none.
  const server = await serve(await certificate())
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${server.port}`, from: FROM })
  expect(await mailer.send({ ...letter, unsubscribeUrl: 'https://chat.example.org/u?token=abc' })).toBe(
    'sent',
  )
  const mail = await server.mailTo('ann@example.org')
  expect([mail.subject, mail.text?.trim(), mail.html?.trim()]).toEqual([
    'Chào bạn',
    'Xin chào!',
    '<p>Xin chào!</p>',
  ])
  expect(mail.from).toMatchObject({ name: 'Parley', address: 'chat@example.org' })
  expect([mail.messageId, mail.encrypted]).toEqual(['<0letter@example.org>', true])
  expect(mail.header('List-Unsubscribe')).toBe('<https://chat.example.org/u?token=abc>')
  expect(mail.header('List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click')
  expect(mail.header('Auto-Submitted')).toBe('auto-generated')
  await mailer.send(letter)
  const plain = await server.mailTo('ann@example.org', 2)
  expect([plain.header('List-Unsubscribe'), plain.messageId]).toEqual([undefined, mail.messageId])
})

test('a subject or an address brings no header and no recipient of its own', async () => {
  const server = await serve()
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${server.port}`, from: FROM })
  await mailer.send({ ...letter, subject: 'Hello\r\nBcc: eve@example.org\r\n\r\nbody' })
  const mail = await server.mailTo('ann@example.org')
  expect([mail.recipients, mail.header('Bcc')]).toEqual([['ann@example.org'], undefined])
  expect(await mailer.send({ ...letter, to: 'ann@example.org, eve@example.org' })).toBe('refused')
  expect(server.received).toHaveLength(1)
})

test('a password goes over STARTTLS with a certificate that fits, and nowhere else', async () => {
  const { key, cert } = await certificate()
  const credentials = { user: 'chat', password: 'p@ss wörd' }
  const url = (port: number, query = '') =>
    `smtp://chat:${encodeURIComponent(credentials.password)}@localhost:${port}${query}`
  const known = await serve({ ...credentials, key, cert })
  const mailer = createSmtpMailer({ url: url(known.port), from: FROM, ca: cert })
  await mailer.check()
  expect(await mailer.send(letter)).toBe('sent')
  expect(await known.mailTo('ann@example.org')).toMatchObject({ encrypted: true, user: 'chat' })
  // Nobody vouches for it: the password is not shown.
  expect(await failure(createSmtpMailer({ url: url(known.port), from: FROM }).send(letter))).toMatch(
    /^unavailable: .*certificate/,
  )
  const open = await serve({ ...credentials, tls: 'none' })
  expect(await failure(createSmtpMailer({ url: url(open.port), from: FROM }).send(letter))).toMatch(
    /^unavailable/,
  )
  expect(await failure(createSmtpMailer({ url: url(open.port), from: FROM }).check())).toMatch(/^unavailable/)
  expect(open.received).toEqual([])
  const allowed = createSmtpMailer({ url: url(open.port, '?tls=optional'), from: FROM })
  expect(await allowed.send(letter)).toBe('sent')
})

test('smtps is encrypted from the first byte, and a wrong password is told', async () => {
  const { key, cert } = await certificate()
  const server = await serve({ user: 'chat', password: 'right', key, cert, tls: 'always' })
  const url = (password: string) => `smtps://chat:${password}@localhost:${server.port}`
  const mailer = createSmtpMailer({ url: url('right'), from: FROM, ca: cert })
  expect(await mailer.send(letter)).toBe('sent')
  expect(await server.mailTo('ann@example.org')).toMatchObject({ encrypted: true })
  const wrong = createSmtpMailer({ url: url('wrong'), from: FROM, ca: cert })
  expect(await failure(wrong.check())).toMatch(/^unavailable: .*wrong user name or password/)
})

test('a mailbox that is refused for good is not tried again, everything that may pass is', async () => {
  let sender: number | undefined
  const server = await serve({
    refuseRecipient: (address) => ({ 'nobody@example.org': 550, 'full@example.org': 452 })[address],
    refuseSender: () => sender,
  })
  const url = `smtp://127.0.0.1:${server.port}`
  const mailer = createSmtpMailer({ url, from: FROM })
  expect(await mailer.send({ ...letter, to: 'nobody@example.org' })).toBe('refused')
  expect(await failure(mailer.send({ ...letter, to: 'full@example.org' }))).toMatch(/^unavailable/)
  sender = 550
  expect(await failure(mailer.send(letter))).toMatch(/^unavailable/)
  sender = undefined
  expect(await mailer.send(letter)).toBe('sent')
  await server.stop()
  expect(await failure(mailer.send(letter))).toMatch(/^unavailable: .*ECONNREFUSED/)
})
