/** The bytes of STUN (RFC 8489) and TURN (RFC 8656): as much as a client needs that asks servers how they are. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { SocketAddress } from 'node:net'
import { crc32 } from 'node:zlib'

export const METHOD = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  permit: 0x008,
}
export type StunClass = 'request' | 'indication' | 'success' | 'error'

export const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  error: 0x0009,
  lifetime: 0x000d,
  peerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  relayedAddress: 0x0016,
  addressFamily: 0x0017,
  transport: 0x0019,
  mappedAddress: 0x0020,
  software: 0x8022,
  fingerprint: 0x8028,
}

/** Bytes. */
export const HEADER_SIZE = 20
const COOKIE = 0x2112_a442
const FINGERPRINT_MASK = 0x5354_554e
const INTEGRITY_SIZE = 20

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export type Attribute = readonly [type: number, value: Buffer]

export interface StunMessage {
  readonly class: StunClass
  readonly method: number
  /** 12 bytes. */
  readonly transaction: Buffer
  readonly attributes: readonly Attribute[]
}

const CLASSES: readonly StunClass[] = ['request', 'indication', 'success', 'error']

/** With `key` it is signed (MESSAGE-INTEGRITY); a fingerprint ends it always. */
export function encodeStun(message: StunMessage, key?: Buffer): Buffer {
  const attributes = message.attributes.map(([type, value]) => encodeAttribute(type, value))
  const body = Buffer.concat(attributes)
  // What is signed says in its length that the signature is there already.
  const signed = [encodeHeader(message, body.length + (key === undefined ? 0 : 4 + INTEGRITY_SIZE)), body]
  const integrity =
    key === undefined
      ? Buffer.alloc(0)
      : encodeAttribute(ATTRIBUTE.integrity, hmac(key, Buffer.concat(signed)))
  const length = body.length + integrity.length + 8
  const marked = Buffer.concat([encodeHeader(message, length), body, integrity])
  return Buffer.concat([marked, encodeAttribute(ATTRIBUTE.fingerprint, fingerprint(marked))])
}

/** Undefined when it is no STUN message. What follows the message is not looked at. */
export function decodeStun(bytes: Buffer): StunMessage | undefined {
  const size = stunSize(bytes)
  if (size === undefined || bytes.length < size) return undefined
  const type = bytes.readUInt16BE(0)
  const attributes: Attribute[] = []
  for (let at = HEADER_SIZE; at + 4 <= size; ) {
    const length = bytes.readUInt16BE(at + 2)
    if (at + 4 + length > size) return undefined
    attributes.push([bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length)])
    at += 4 + padded(length)
  }
  return {
    class: CLASSES[((type >> 7) & 2) | ((type >> 4) & 1)] ?? 'request',
    method: (type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80),
    transaction: bytes.subarray(8, HEADER_SIZE),
    attributes,
  }
}

/** Bytes of the message that begins here, by its header; undefined when no STUN message does. */
export function stunSize(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_SIZE || bytes.readUInt8(0) > 0x3f || bytes.readUInt32BE(4) !== COOKIE)
    return undefined
  const length = bytes.readUInt16BE(2)
  return length % 4 === 0 ? HEADER_SIZE + length : undefined
}

/** Whether who wrote these bytes has the key. Undefined when they are not signed. */
export function isSigned(bytes: Buffer, key: Buffer): boolean | undefined {
  const size = stunSize(bytes) ?? 0
  for (let at = HEADER_SIZE; at + 4 <= size; at += 4 + padded(bytes.readUInt16BE(at + 2))) {
    if (bytes.readUInt16BE(at) !== ATTRIBUTE.integrity) continue
    const found = bytes.subarray(at + 4, at + 4 + INTEGRITY_SIZE)
    const signed = Buffer.from(bytes.subarray(0, at))
    signed.writeUInt16BE(at + 4 + INTEGRITY_SIZE - HEADER_SIZE, 2)
    return found.length === INTEGRITY_SIZE && timingSafeEqual(found, hmac(key, signed))
  }
  return undefined
}

/** Whether it ends with the checksum of the rest. Undefined when it has none. */
export function hasFingerprint(bytes: Buffer): boolean | undefined {
  const at = bytes.length - 8
  if (at < HEADER_SIZE || bytes.readUInt16BE(at) !== ATTRIBUTE.fingerprint) return undefined
  return bytes.subarray(at + 4).equals(fingerprint(bytes.subarray(0, at)))
}

/** Of the long-term mechanism. MD5 because the protocol says so; what it hides is worth something for some hours only. */
export function longTermKey(username: string, realm: string, password: string): Buffer {
  return createHash('md5').update(`${username}:${realm}:${password}`).digest()
}

/** The value of the first attribute of this type. */
export function find(message: StunMessage, type: number): Buffer | undefined {
  return message.attributes.find(([found]) => found === type)?.[1]
}

export function findText(message: StunMessage, type: number): string | undefined {
  return find(message, type)?.toString('utf8')
}

/** Undefined where there is none, or a damaged one. */
export function findError(message: StunMessage): { code: number; reason: string } | undefined {
  const value = find(message, ATTRIBUTE.error)
  if (value === undefined || value.length < 4) return undefined
  return {
    code: (value.readUInt8(2) & 0x7) * 100 + value.readUInt8(3),
    reason: value.subarray(4).toString('utf8'),
  }
}

/** An address masked with the cookie, and for IPv6 with the transaction: what meddling routers do not recognise. */
export function findEndpoint(message: StunMessage, type: number): Endpoint | undefined {
  const value = find(message, type)
  if (value === undefined || (value.length !== 8 && value.length !== 20)) return undefined
  const port = value.readUInt16BE(2) ^ (COOKIE >>> 16)
  const raw = mask(value.subarray(4), message.transaction)
  return { address: raw.length === 4 ? raw.join('.') : ipv6Text(raw), port }
}

export function encodeEndpoint({ address, port }: Endpoint, transaction: Buffer): Buffer {
  const raw = address.includes(':') ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number))
  const head = Buffer.alloc(4)
  head.writeUInt8(raw.length === 4 ? 1 : 2, 1)
  head.writeUInt16BE(port ^ (COOKIE >>> 16), 2)
  return Buffer.concat([head, mask(raw, transaction)])
}

function encodeHeader(message: StunMessage, length: number): Buffer {
  const { method } = message
  const bits = CLASSES.indexOf(message.class)
  const type =
    (method & 0x000f) |
    ((method & 0x0070) << 1) |
    ((method & 0x0f80) << 2) |
    ((bits & 1) << 4) |
    ((bits & 2) << 7)
  const header = Buffer.alloc(HEADER_SIZE)
  header.writeUInt16BE(type, 0)
  header.writeUInt16BE(length, 2)
  header.writeUInt32BE(COOKIE, 4)
  message.transaction.copy(header, 8)
  return header
}

function encodeAttribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length))
  bytes.writeUInt16BE(type, 0)
  bytes.writeUInt16BE(value.length, 2)
  value.copy(bytes, 4)
  return bytes
}

function padded(length: number): number {
  return (length + 3) & ~3
}

function hmac(key: Buffer, bytes: Buffer): Buffer {
  return createHmac('sha1', key).update(bytes).digest()
}

function fingerprint(bytes: Buffer): Buffer {
  const value = Buffer.alloc(4)
  value.writeUInt32BE((crc32(bytes) ^ FINGERPRINT_MASK) >>> 0)
  return value
}

function mask(raw: Buffer, transaction: Buffer): Buffer {
  const cookie = Buffer.alloc(4)
  cookie.writeUInt32BE(COOKIE)
  const pad = Buffer.concat([cookie, transaction])
  return Buffer.from(raw.map((byte, at) => byte ^ (pad[at] ?? 0)))
}

function ipv6Bytes(address: string): Buffer {
  // The form with an IPv4 tail in hexadecimal, and `::` written out.
  const { address: plain } = new SocketAddress({ address, family: 'ipv6' })
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain)
  const hex = (high = '', low = '') => ((Number(high) << 8) | Number(low)).toString(16)
  const text = tail === null ? plain : `${tail[1]}${hex(tail[2], tail[3])}:${hex(tail[4], tail[5])}`
  const [left = '', right] = text.split('::')
  const words = (part: string) => (part === '' ? [] : part.split(':'))
  const gap = right === undefined ? 0 : 8 - words(left).length - words(right).length
  const all = [...words(left), ...Array.from({ length: gap }, () => '0'), ...words(right ?? '')]
  return Buffer.from(all.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]))
}

/** The shortest form. */
function ipv6Text(raw: Buffer): string {
  const words = Array.from({ length: 8 }, (_, at) => raw.readUInt16BE(at * 2).toString(16))
  return new SocketAddress({ address: words.join(':'), family: 'ipv6' }).address
}
