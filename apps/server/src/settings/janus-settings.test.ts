import { expect, test } from 'vitest'
import { readSettings } from './read-settings.ts'

const SECRET = '0a1b2c3d4e5f6071'

test('media servers are a list, each once, and have their secret', () => {
  const urls = 'http://10.0.0.7:8088/janus, http://janus:8088/janus/,http://10.0.0.7:8088/janus'
  expect(readSettings({ PARLEY_JANUS_URLS: urls, PARLEY_JANUS_SECRET: SECRET })).toMatchObject({
    janusUrls: ['http://10.0.0.7:8088/janus', 'http://janus:8088/janus'],
    janusSecret: SECRET,
  })
  expect(readSettings({}).janusUrls).toBeUndefined()
})

test.for([
  ['PARLEY_JANUS_URLS', 'http://10.0.0.7:8088', 'must be a list of addresses such as'],
  ['PARLEY_JANUS_URLS', 'ws://10.0.0.7:8188/janus', 'must be a list'],
  ['PARLEY_JANUS_URLS', 'http://hush:hush@janus:8088/janus', 'must be a list'],
  ['PARLEY_JANUS_URLS', 'http://a/janus,,http://b/janus', 'must be a list'],
  [
    'PARLEY_JANUS_URLS',
    Array.from({ length: 51 }, (_, n) => `http://j${n}/janus`).join(),
    'must have at most 50',
  ],
  ['PARLEY_JANUS_SECRET', 'x'.repeat(15), 'must be at least 16'],
  ['PARLEY_JANUS_SECRET', `"hush${'x'.repeat(16)}`, 'must be at least 16'],
])('%s=%s is refused', ([name = '', value = '', sentence = '']) => {
  const read = () => readSettings({ [name]: value })
  expect(read).toThrow(`${name} ${sentence}`)
  expect(read).not.toThrow('hush')
})

test('media servers without a secret are refused at start, and a secret without servers', () => {
  expect(() => readSettings({ PARLEY_JANUS_URLS: 'http://janus:8088/janus' })).toThrow('belong together')
  expect(() => readSettings({ PARLEY_JANUS_SECRET: SECRET })).toThrow('belong together')
})
