import { describe, expect, it } from 'vitest'
import { isAllowedOrigin, readCookie, readCredentials } from './credentials.ts'

describe('credentials', () => {
  it.each(['Bearer abc.def', 'bearer abc.def', 'BEARER   abc.def  '])('are read from %j', (authorization) => {
    expect(readCredentials({ authorization })).toEqual({ token: 'abc.def', via: 'bearer' })
  })

  it('are read from the cookie among others', () => {
    const cookie = 'a=1; parley_access=abc.def; parley_access2=x'
    expect(readCredentials({ cookie })).toEqual({ token: 'abc.def', via: 'cookie' })
    expect(readCredentials({ authorization: 'Basic eDp5', cookie })).toEqual({
      token: 'abc.def',
      via: 'cookie',
    })
  })

  it('prefer the bearer, and an empty one is not replaced by the cookie', () => {
    const cookie = 'parley_access=from-cookie'
    expect(readCredentials({ authorization: 'Bearer mine', cookie })).toEqual({
      token: 'mine',
      via: 'bearer',
    })
    expect(readCredentials({ authorization: 'Bearer ', cookie })).toBeUndefined()
    expect(readCredentials({ authorization: 'Bearer', cookie })).toBeUndefined()
  })

  it('are missing where there are none', () => {
    for (const cookie of [undefined, '', 'parley_access', 'parley_access=', 'xparley_access=1', ';;=;']) {
      expect(readCredentials({ cookie })).toBeUndefined()
    }
    expect(readCredentials({ authorization: 'Basic eDp5' })).toBeUndefined()
    expect(readCredentials({ authorization: 'Bearers abc' })).toBeUndefined()
  })
})

describe('a cookie', () => {
  it('keeps equals signs of its value', () => {
    expect(readCookie('a=b=c==; d=e', 'a')).toBe('b=c==')
  })
})

describe('an origin', () => {
  const origins = new Set(['https://chat.example', 'http://localhost:8080'])
  it.each(['https://chat.example', 'http://localhost:8080'])('%s is allowed', (origin) => {
    expect(isAllowedOrigin(origin, origins)).toBe(true)
  })
  it.each([
    undefined,
    '',
    'null',
    'http://chat.example',
    'https://chat.example/',
    'https://chat.example:443',
    'https://chat.example.evil.test',
    'https://evil.test/https://chat.example',
    'https://CHAT.example',
    'http://localhost:80800',
  ])('%s is not', (origin) => {
    expect(isAllowedOrigin(origin, origins)).toBe(false)
  })
})
