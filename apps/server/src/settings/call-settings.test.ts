import { expect, test } from 'vitest'
import { readSettings } from './read-settings.ts'

const SECRET = '0a1b2c3d4e5f6071'
const urls = 'turn:turn.example.org:3478?transport=udp, turns:[2001:db8::7]:443?transport=tcp'

test('STUN and TURN servers are lists, and TURN has its secret', () => {
  const read = readSettings({
    PARLEY_STUN_URLS: 'stun:stun.example.org,stuns:192.0.2.7',
    PARLEY_TURN_URLS: urls,
    PARLEY_TURN_SECRET: SECRET,
  })
  expect(read).toMatchObject({
    stunUrls: ['stun:stun.example.org', 'stuns:192.0.2.7'],
    turnUrls: urls.split(', '),
    turnSecret: SECRET,
  })
  expect(readSettings({}).turnUrls).toBeUndefined()
})

test.for([
  ['PARLEY_STUN_URLS', 'turn:turn.example.org', 'must be a list of addresses such as stun:'],
  ['PARLEY_STUN_URLS', 'stun:a,,stun:b', 'must be a list'],
  ['PARLEY_STUN_URLS', Array.from({ length: 11 }, (_, n) => `stun:s${n}`).join(), 'must have at most 10'],
  ['PARLEY_TURN_URLS', 'stun:stun.example.org', 'must be a list of addresses such as turn:'],
  ['PARLEY_TURN_URLS', 'https://turn.example.org', 'must be a list of addresses such as turn:'],
  ['PARLEY_TURN_SECRET', 'x'.repeat(15), 'must be at least 16'],
  ['PARLEY_TURN_SECRET', `#${'x'.repeat(16)}`, 'must be at least 16'],
  ['PARLEY_TURN_SECRET', `"${'x'.repeat(16)}"`, 'must be at least 16'],
  ['PARLEY_TURN_SECRET', 'hush-hush hush-hush', 'must be at least 16'],
])('%s=%s is refused', ([name = '', value = '', sentence = '']) => {
  const read = () => readSettings({ [name]: value })
  expect(read).toThrow(`${name} ${sentence}`)
  expect(read).not.toThrow('hush')
})

test('TURN servers without a secret are refused at start, and a secret without servers', () => {
  expect(() => readSettings({ PARLEY_TURN_URLS: urls })).toThrow('PARLEY_TURN_SECRET belong together')
  expect(() => readSettings({ PARLEY_TURN_SECRET: SECRET })).toThrow('belong together')
})
