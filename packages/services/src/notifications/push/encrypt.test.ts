import { createECDH } from 'node:crypto'
import { expect, it } from 'vitest'
import { areKeys, encryptPush, PUSH_PAYLOAD_MAX_BYTES } from './encrypt.ts'

/** RFC 8291, appendix A. */
const example = {
  plain: 'When I grow up, I want to be a watermelon',
  privateKey: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
}
const bytes = (text: string) => Buffer.from(text, 'base64url')

it('the example of the RFC comes out as it is printed there', () => {
  const given = { salt: bytes(example.salt), privateKey: bytes(example.privateKey), padBytes: 0 }
  expect(encryptPush(Buffer.from(example.plain), example, given).toString('base64url')).toBe(example.body)
})

it('texts of different lengths look alike, and no two pushes do', () => {
  const bodies = ['a', 'b'.repeat(300), 'a'].map((text) => encryptPush(Buffer.from(text), example))
  expect(new Set(bodies.map((body) => body.length)).size).toBe(1)
  expect(new Set(bodies.map((body) => body.toString('hex'))).size).toBe(3)
})

it('the longest text fits what push services take, one byte more is refused', () => {
  expect(encryptPush(Buffer.alloc(PUSH_PAYLOAD_MAX_BYTES), example)).toHaveLength(4_096)
  expect(() => encryptPush(Buffer.alloc(PUSH_PAYLOAD_MAX_BYTES + 1), example)).toThrow(RangeError)
})

it('keys are a point of the curve and sixteen bytes', () => {
  expect(areKeys(example)).toBe(true)
  const other = createECDH('secp256k1')
  for (const wrong of [
    { p256dh: other.generateKeys().toString('base64url') },
    { p256dh: `A${example.p256dh.slice(1)}` },
    { p256dh: example.p256dh.slice(0, -4) },
    { auth: 'BTBZMqHH6r4Tts7J_aSI' },
  ])
    expect(areKeys({ ...example, ...wrong }), JSON.stringify(wrong)).toBe(false)
})
