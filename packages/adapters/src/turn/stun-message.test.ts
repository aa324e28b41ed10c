/** Against the examples of RFC 5769, which RFC 8489 keeps. */
import { expect, test } from 'vitest'
import {
  ATTRIBUTE,
  decodeStun,
  encodeEndpoint,
  encodeStun,
  findEndpoint,
  findError,
  findText,
  hasFingerprint,
  isSigned,
  longTermKey,
  METHOD,
  type StunMessage,
} from './stun-message.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

const IPV4_RESPONSE = hex(`
  0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
  8022000b 74657374 20766563 746f7220
  00200008 0001a147 e112a643
  00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
  80280004 c07d4c96`)
const IPV6_RESPONSE = hex(`
  01010048 2112a442 b7e7a701 bc34d686 fa87dfae
  8022000b 74657374 20766563 746f7220
  00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
  00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
  80280004 c8fb0b4c`)
/** Of the long-term mechanism; without a fingerprint. */
const LONG_TERM_REQUEST = hex(`
  00010060 2112a442 78ad3433 c6ad72c0 29da412e
  00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
  0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
  0014000b 6578616d 706c652e 6f726700
  00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666`)
const SHORT_TERM_KEY = Buffer.from('VOkJxbRl1RmTxUk/WvJxBt')
const LONG_TERM_KEY = longTermKey('マトリックス', 'example.org', 'TheMatrIX')

test.for([
  ['IPv4', IPV4_RESPONSE, '192.0.2.1'],
  ['IPv6', IPV6_RESPONSE, '2001:db8:1234:5678:11:2233:4455:6677'],
] as const)(
  'the answer with an address of %s is read, and its signature and checksum are right',
  (example) => {
    const [, bytes, address] = example
    const message = decodeStun(bytes)
    expect(message).toMatchObject({ class: 'success', method: METHOD.binding })
    if (message === undefined) throw new Error('it is none')
    expect(findEndpoint(message, ATTRIBUTE.mappedAddress)).toEqual({ address, port: 32_853 })
    expect(encodeEndpoint({ address, port: 32_853 }, message.transaction)).toEqual(
      message.attributes.find(([type]) => type === ATTRIBUTE.mappedAddress)?.[1],
    )
    expect(findText(message, ATTRIBUTE.software)).toBe('test vector')
    expect([isSigned(bytes, SHORT_TERM_KEY), hasFingerprint(bytes)]).toEqual([true, true])
    const changed = Buffer.from(bytes)
    changed[30] = (changed[30] ?? 0) ^ 1
    expect([isSigned(changed, SHORT_TERM_KEY), hasFingerprint(changed)]).toEqual([false, false])
  },
)

test('a request is signed with the long-term key as in the example', () => {
  expect(isSigned(LONG_TERM_REQUEST, LONG_TERM_KEY)).toBe(true)
  expect(isSigned(LONG_TERM_REQUEST, longTermKey('マトリックス', 'example.org', 'TheMatrix'))).toBe(false)
  const { attributes, ...head } = decodeStun(LONG_TERM_REQUEST) as StunMessage
  const own = encodeStun({ ...head, attributes: attributes.slice(0, 3) }, LONG_TERM_KEY)
  // Ours has a checksum behind it, so only the length in the header differs.
  expect(own.subarray(4, LONG_TERM_REQUEST.length)).toEqual(LONG_TERM_REQUEST.subarray(4))
  expect([isSigned(own, LONG_TERM_KEY), hasFingerprint(own)]).toEqual([true, true])
})

test.for([
  '::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  '2001:db8::7',
  'ff02::1',
  '255.255.255.255',
  '0.0.0.0',
])('%s survives its journey', (address) => {
  const transaction = hex('00112233445566778899aabb')
  const value = encodeEndpoint({ address, port: 65_535 }, transaction)
  const bytes = encodeStun({
    class: 'indication',
    method: METHOD.data,
    transaction,
    attributes: [[ATTRIBUTE.peerAddress, value]],
  })
  const message = decodeStun(bytes) as StunMessage
  expect(message).toMatchObject({ class: 'indication', method: METHOD.data })
  expect(findEndpoint(message, ATTRIBUTE.peerAddress)).toEqual({ address, port: 65_535 })
})

test('an error is read with its code and words', () => {
  const attributes = [
    [ATTRIBUTE.error, Buffer.from('\0\0\x04\x29Unauthorized'.replace('\x29', '\x01'), 'latin1')],
  ] as const
  const bytes = encodeStun({
    class: 'error',
    method: METHOD.allocate,
    transaction: Buffer.alloc(12),
    attributes,
  })
  const message = decodeStun(bytes) as StunMessage
  expect(message).toMatchObject({ class: 'error', method: METHOD.allocate })
  expect(findError(message)).toEqual({ code: 401, reason: 'Unauthorized' })
})

test('what is cut off, damaged or something else is no message', () => {
  for (let size = 0; size < IPV4_RESPONSE.length; size++)
    expect(decodeStun(IPV4_RESPONSE.subarray(0, size))).toBeUndefined()
  for (const [at, value] of [
    [0, 0x40],
    [4, 0],
    [23, 0xff],
    [3, 0x3d],
  ] as const) {
    const changed = Buffer.from(IPV4_RESPONSE)
    changed[at] = value
    expect(decodeStun(changed), `byte ${at}`).toBeUndefined()
  }
})
