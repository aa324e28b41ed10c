import { expect, test } from 'vitest'
import { addressKey } from './address-key.ts'

test('an IPv4 address is its own key, also in IPv6 clothes', () => {
  expect(addressKey('192.0.2.1')).toBe('192.0.2.1')
  expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1')
})

test('all addresses of one /64 share a key, however they are written', () => {
  const key = '2001:db8:0:7::/64'
  for (const address of [
    '2001:db8:0:7::1',
    '2001:DB8:0:7:ffff::',
    '2001:0db8:0000:0007:1:2:3:4',
    '2001:db8:0:7::1%eth0',
  ]) {
    expect([address, addressKey(address)]).toEqual([address, key])
  }
  expect(addressKey('::1')).toBe('0:0:0:0::/64')
  expect(addressKey('2001:db8:0:8::1')).not.toBe(key)
})
