import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { demandDistributed } from '../topology/demand-distributed.ts'
import { allowedOrigins, ownInternalUrl, reachableUrls } from './origins.ts'
import { readSettings } from './read-settings.ts'
import { renderSettings } from './render-settings.ts'
import { settingNames, settingsTable } from './table.ts'

test('docs/settings.md is the table', async () => {
  await expect(renderSettings()).toMatchFileSnapshot('../../../../docs/settings.md')
})

test('every setting has its own variable and flag, and a fallback that it accepts itself', () => {
  const definitions = settingNames.map((name) => settingsTable[name])
  expect(new Set(definitions.map(({ env }) => env)).size).toBe(definitions.length)
  expect(new Set(definitions.map(({ flag }) => flag)).size).toBe(definitions.length)
  expect(() => readSettings({})).not.toThrow()
})

test('without anything set, only this machine is served, from one directory, by all roles', () => {
  expect(readSettings({})).toMatchObject({
    port: 8080,
    host: '127.0.0.1',
    data: resolve('data'),
    databaseUrl: undefined,
    rateLimits: true,
    log: 'info',
    roles: ['auth', 'sessions', 'rooms', 'notifications', 'files', 'scheduler', 'calls', 'ws', 'http'],
    trustProxy: [],
    web: true,
    strictCalls: false,
  })
})

test('a flag wins over its variable, and an empty variable is none', () => {
  expect(readSettings({ PARLEY_PORT: '9000' }, { port: '9001' }).port).toBe(9001)
  expect(readSettings({ PARLEY_PORT: '' }).port).toBe(8080)
})

test('an unknown variable is refused, with the one that was probably meant', () => {
  expect(() => readSettings({ PARLEY_PROT: '1' })).toThrow(
    'There is no setting PARLEY_PROT. Did you mean PARLEY_PORT?',
  )
  expect(() => readSettings({ PARLEY_ENTIRELY_ELSEWHERE: '1' })).toThrow(
    /^There is no setting PARLEY_ENTIRELY_ELSEWHERE\. All/,
  )
  expect(() => readSettings({ OTHER_PORT: '1' })).not.toThrow()
})

test.for([
  ['PARLEY_PORT', '0', 'must be a whole number from 1 to 65535'],
  ['PARLEY_PORT', '65536', 'must be a whole number from 1 to 65535'],
  ['PARLEY_PORT', '80.5', 'must be a whole number'],
  ['PARLEY_HOST', 'not a host', 'must be an address'],
  ['PARLEY_ORIGINS', 'chat.example.org', 'must be an origin such as'],
  ['PARLEY_ORIGINS', 'https://chat.example.org/path', 'must be an origin without a path'],
  ['PARLEY_ORIGINS', 'https://*.example.org', 'must name exact origins'],
  ['PARLEY_ORIGINS', 'https://a.example,,https://b.example', 'must be a list separated by commas'],
  ['PARLEY_PUBLIC_URL', 'ftp://example.org', 'must be an origin such as'],
  ['PARLEY_DATABASE_URL', 'mysql://x', 'must be a URL such as postgresql:'],
  ['PARLEY_DATABASE_URL', 'postgres://u:p%zz@h/d', 'must have every %'],
  ['PARLEY_REDIS_URL', 'redis://', 'must name a host'],
  ['PARLEY_REDIS_URL', 'redis:6379', 'must be a URL such as redis://'],
  ['PARLEY_REDIS_URL', 'redis://h:6379/abc', 'must have as its path nothing or the number'],
  ['PARLEY_REDIS_URL', 'redis://:p%zz@h', 'must have every %'],
  ['PARLEY_RABBITMQ_URL', 'amqp:x', 'must be a URL such as amqp://'],
  ['PARLEY_RABBITMQ_URL', 'amqp:///vhost', 'must name a host'],
  ['PARLEY_RABBITMQ_URL', 'amqp://h/%zz', 'must have every %'],
  ['PARLEY_RATE_LIMITS', 'yes', 'must be on or off'],
  ['PARLEY_LOG', 'verbose', 'must be one of trace'],
  [
    'PARLEY_ROLES',
    'http,rooom',
    'knows no role "rooom"; the roles are all, auth, sessions, rooms, notifications, files, scheduler, calls, ws, http. Did you mean rooms?',
  ],
  ['PARLEY_ARCHIVE_AFTER', '0', 'must be off, or a whole number of days from 1 to 36500'],
  ['PARLEY_ARCHIVE_AFTER', '36501', 'must be off, or a whole number of days'],
  ['PARLEY_ARCHIVE_AFTER', '7d', 'must be off, or a whole number of days'],
  ['PARLEY_ARCHIVE_SCHEDULE', 'every day', 'must be five fields as in cron'],
  ['PARLEY_TRUST_PROXY', '10.0.0.0/33', 'must be off, or addresses'],
  ['PARLEY_TRUST_PROXY', 'nginx', 'must be off, or addresses'],
  ['PARLEY_METRICS_TOKEN', 'x'.repeat(15), 'must have at least 16 characters'],
])('%s=%s is refused with what is allowed', ([name = '', value = '', sentence = '']) => {
  expect(() => readSettings({ [name]: value })).toThrow(`${name} ${sentence}`)
})

test.for([
  ['PARLEY_DATABASE_URL', 'hush-hush'],
  ['PARLEY_REDIS_URL', 'redis://:hush-hush@h/abc'],
  ['PARLEY_RABBITMQ_URL', 'amqp://u:hush-hush%zz@h'],
])('a wrong secret in %s is not repeated', ([name = '', value = '']) => {
  expect(() => readSettings({ [name]: value })).toThrow(/^(?!.*hush-hush)/)
})

test('what engines take as an address is taken', () => {
  const env = { PARLEY_REDIS_URL: 'rediss://u:%C3%A9%25@h:1/2', PARLEY_RABBITMQ_URL: 'amqp://u:p@h/%2Fv' }
  expect(readSettings(env)).toMatchObject({
    redisUrl: env.PARLEY_REDIS_URL,
    rabbitmqUrl: env.PARLEY_RABBITMQ_URL,
  })
  expect(readSettings({ PARLEY_DATABASE_URL: 'postgresql:///d?host=/run/postgresql' }).databaseUrl).toBe(
    'postgresql:///d?host=/run/postgresql',
  )
})

test('values at their bounds are taken', () => {
  const settings = readSettings({
    PARLEY_PORT: '65535',
    PARLEY_METRICS_TOKEN: 'x'.repeat(16),
    PARLEY_TRUST_PROXY: 'loopback, 10.0.0.0/32, ::1/128',
    PARLEY_HOST: '[::1]',
  })
  expect(settings).toMatchObject({
    port: 65_535,
    host: '::1',
    trustProxy: ['loopback', '10.0.0.0/32', '::1/128'],
  })
})

test('a partial list of roles is refused with what it would need', () => {
  expect(() => readSettings({ PARLEY_ROLES: 'http,ws' })).toThrow(
    'PARLEY_ROLES leaves out auth, sessions, rooms, notifications, files, scheduler, calls, but the embedded topology runs every role in one process: a process with some of them needs PARLEY_REDIS_URL',
  )
})

test('a process of many is told everything it lacks at once', () => {
  const some = { PARLEY_ROLES: 'ws', PARLEY_REDIS_URL: 'redis://127.0.0.1' }
  expect(() => demandDistributed(readSettings(some))).toThrow(
    'for the roles ws these are missing: PARLEY_SERVICE_KEY, PARLEY_AUTH_URLS, PARLEY_SESSIONS_URLS, PARLEY_ROOMS_URLS, PARLEY_NOTIFICATIONS_URLS, PARLEY_FILES_URLS, PARLEY_CALLS_URLS.',
  )
  const key = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'
  const all = { ...some, PARLEY_RABBITMQ_URL: 'amqp://127.0.0.1', PARLEY_SERVICE_KEY: key }
  const urls = {
    PARLEY_AUTH_URLS: 'http://a:1',
    PARLEY_SESSIONS_URLS: 'http://b:1',
    PARLEY_ROOMS_URLS: 'http://c:1,http://d:1',
    PARLEY_NOTIFICATIONS_URLS: 'http://e:1',
    PARLEY_CALLS_URLS: 'http://g:1',
    PARLEY_FILES_URLS: 'http://f:1',
  }
  expect(demandDistributed(readSettings({ ...all, ...urls })).urls.rooms).toEqual([
    'http://c:1',
    'http://d:1',
  ])
  expect(() => demandDistributed(readSettings({ ...all, PARLEY_ROLES: 'auth,rooms' }))).toThrow(
    'these are missing: PARLEY_DATABASE_URL, PARLEY_FILES_URLS.',
  )
})

test('the key between processes is not one that stands in an example', () => {
  for (const key of ['short', 'x'.repeat(40), 'change-me'])
    expect(() => readSettings({ PARLEY_SERVICE_KEY: key })).toThrow(
      'must be random text of at least 32 characters',
    )
})

test('while the key between processes is replaced, two are taken, and each must be a good one', () => {
  const [next, now] = ['a1b2c3d4e5f60718293a4b5c6d7e8f90', '0f1e2d3c4b5a69788796a5b4c3d2e1f0']
  expect(readSettings({ PARLEY_SERVICE_KEY: `${next}, ${now}` }).serviceKeys).toEqual([next, now])
  expect(() => readSettings({ PARLEY_SERVICE_KEY: `${next},change-me` })).toThrow('must be random text')
  expect(() => readSettings({ PARLEY_SERVICE_KEY: `${next},` })).toThrow('without empty places')
})

test('engines of a distributed deployment without Redis are a contradiction', () => {
  expect(() => readSettings({ PARLEY_RABBITMQ_URL: 'amqp://127.0.0.1' })).toThrow(
    'which PARLEY_REDIS_URL asks for',
  )
})

test('a public address that no origin allows is a contradiction', () => {
  const env = { PARLEY_PUBLIC_URL: 'https://chat.example.org', PARLEY_ORIGINS: 'https://other.example.org' }
  expect(() => readSettings(env)).toThrow('PARLEY_ORIGINS does not contain https://chat.example.org')
})

test('allowed origins are exact, without the default port, and contain the public address', () => {
  expect(allowedOrigins(readSettings({}))).toEqual(['http://localhost:8080', 'http://127.0.0.1:8080'])
  expect(
    allowedOrigins(readSettings({ PARLEY_PORT: '80', PARLEY_PUBLIC_URL: 'https://Chat.example.org/' })),
  ).toEqual(['https://chat.example.org', 'http://localhost', 'http://127.0.0.1'])
  expect(allowedOrigins(readSettings({ PARLEY_ORIGINS: 'https://a.example:443' }))).toEqual([
    'https://a.example',
  ])
})

test('the printed address is one that a person can open', () => {
  expect(reachableUrls(readSettings({}))).toEqual(['http://localhost:8080'])
  expect(reachableUrls(readSettings({ PARLEY_HOST: '0.0.0.0' }))[0]).toBe('http://localhost:8080')
  expect(reachableUrls(readSettings({ PARLEY_HOST: '192.0.2.7' }))).toEqual(['http://192.0.2.7:8080'])
  expect(reachableUrls(readSettings({ PARLEY_PUBLIC_URL: 'https://chat.example.org' }))).toEqual([
    'https://chat.example.org',
  ])
})

test('others reach this process by its name, unless a URL would take the name for an address', () => {
  const everywhere = { internalUrl: undefined, internalHost: '0.0.0.0', internalPort: 7400 }
  expect(ownInternalUrl(everywhere, '0123456789ab')).toBe('http://0123456789ab:7400')
  for (const name of ['123456789012', '12345', '0x1f', 'web.7']) {
    const { hostname, port } = new URL(ownInternalUrl(everywhere, name))
    expect([isIP(hostname.replace(/[[\]]/g, '')) > 0, port]).toEqual([true, '7400'])
    expect(hostname).not.toBe(URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : name)
  }
  expect(ownInternalUrl({ ...everywhere, internalHost: '192.0.2.7' }, '12345')).toBe('http://192.0.2.7:7400')
  expect(ownInternalUrl({ ...everywhere, internalUrl: 'http://ws-1:7400' }, '12345')).toBe('http://ws-1:7400')
})
