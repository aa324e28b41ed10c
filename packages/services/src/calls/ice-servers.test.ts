import { expect, test } from 'vitest'
import { createIceServers, TURN_CREDENTIAL_LIFETIME_S, turnCredentials } from './ice-servers.ts'

const SECRET = 'abcdefghijklmnopqrst'
const turnUrls = ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:5349?transport=tcp']
const clock = { now: () => 1_000_999 }

test('the password is what openssl makes of the name and the secret', () => {
  // printf 1234:u | openssl dgst -sha1 -hmac abcdefghijklmnopqrst -binary | base64
  expect(turnCredentials({ user: 'u', secret: SECRET, nowMs: 1_234_999, lifetimeS: 0 })).toEqual({
    username: '1234:u',
    credential: 'uQyrkzBajGjE5VBwGeEBVD/mDVs=',
  })
})

test('each person gets credentials of their own for TURN, and none for STUN', () => {
  const servers = createIceServers({ stunUrls: ['stun:stun.example.org'], turnUrls, secret: SECRET, clock })
  const [stun, turn] = servers('ann')
  expect(stun).toEqual({ urls: ['stun:stun.example.org'] })
  expect(turn).toEqual({
    urls: turnUrls,
    ...turnCredentials({ user: 'ann', secret: SECRET, nowMs: clock.now() }),
  })
  expect(turn?.username).toBe(`${1_000 + TURN_CREDENTIAL_LIFETIME_S}:ann`)
  expect(servers('bob')[1]?.credential).not.toBe(turn?.credential)
})

test('nothing configured is nothing; TURN urls without a secret are a mistake of the caller', () => {
  expect(createIceServers({ stunUrls: [], turnUrls: [], secret: undefined, clock })('ann')).toEqual([])
  expect(() => createIceServers({ stunUrls: [], turnUrls, secret: undefined, clock })).toThrow('secret')
})
