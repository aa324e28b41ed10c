import { expect, test } from 'vitest'
import { demandDistributed } from '../topology/demand-distributed.ts'
import { readSettings } from './read-settings.ts'

const from = { PARLEY_MAIL_FROM: 'Parley <chat@example.org>' }
const url = { PARLEY_SMTP_URL: 'smtp://chat:p%40ss@mail.example.org' }

test('a mail server is taken with and without credentials, port and demand', () => {
  for (const text of [
    'smtp://mail.example.org',
    'smtp://[::1]:2525',
    'smtps://chat:p%40ss@mail.example.org:465',
    'smtp://chat:secret@localhost:25?tls=optional',
  ])
    expect(readSettings({ ...from, PARLEY_SMTP_URL: text }).smtpUrl).toBe(text)
})

test.for([
  ['mail.example.org', 'must be a URL such as smtp://'],
  ['http://mail.example.org', 'must be a URL such as smtp://'],
  ['smtp://', 'must name a host'],
  ['smtp://mail.example.org/path', 'must be a URL without path'],
  ['smtp://chat@mail.example.org', 'must have both a user name and a password'],
  ['smtp://:hush@mail.example.org', 'must have both a user name and a password'],
  ['smtp://mail.example.org?tls=no', 'nothing or tls=optional'],
  ['smtp://chat:%zz@mail.example.org', 'must have every %'],
] as const)('PARLEY_SMTP_URL=%s is refused, without repeating a password', ([text, why]) => {
  const read = () => readSettings({ ...from, PARLEY_SMTP_URL: text })
  expect(read).toThrow(why)
  expect(read).not.toThrow('hush')
})

test('a sender is one address, with a name or without', () => {
  for (const text of [
    'chat@example.org',
    'Parley <chat@example.org>',
    'Trò chuyện <chat+x@mail.example.org>',
  ])
    expect(readSettings({ ...url, PARLEY_MAIL_FROM: text }).mailFrom).toBe(text)
  for (const text of [
    'chat',
    'a@example.org, b@example.org',
    'A <a@example.org> <b@example.org>',
    'chat@example.org\r\nBcc: eve@example.org',
    'Parley <chat@>',
  ])
    expect(() => readSettings({ ...url, PARLEY_MAIL_FROM: text }), text).toThrow('must be an address such as')
})

test('server and sender belong together, and one of many that writes letters needs the queue', () => {
  expect(() => readSettings(url)).toThrow('belong together')
  expect(() => readSettings(from)).toThrow('belong together')
  const some = {
    PARLEY_ROLES: 'auth',
    PARLEY_REDIS_URL: 'redis://127.0.0.1',
    PARLEY_SERVICE_KEY: '8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d',
    PARLEY_DATABASE_URL: 'postgresql://127.0.0.1/parley',
    PARLEY_ROOMS_URLS: 'http://127.0.0.1:1',
  }
  expect(demandDistributed(readSettings(some)).needsQueue).toBe(false)
  expect(() => demandDistributed(readSettings({ ...some, ...from, ...url }))).toThrow('PARLEY_RABBITMQ_URL')
})
