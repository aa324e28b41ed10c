/**
 * Message encryption for web push: RFC 8291 over the one record of RFC 8188 (`aes128gcm`). Only the browser that
 * subscribed can read it; the push service sees its length, which padding makes the same for short and long texts.
 */
import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'

const CURVE = 'prime256v1'
const SALT_BYTES = 16
const TAG_BYTES = 16
const RECORD_SIZE_BYTES = 4_096
/** All push services take a body of 4,096 bytes: the record and its header of 86. */
const HEADER_BYTES = SALT_BYTES + 4 + 1 + 65
/** What is encrypted fills up to a multiple of this. */
const PAD_TO_BYTES = 512
export const PUSH_PAYLOAD_MAX_BYTES = RECORD_SIZE_BYTES - HEADER_BYTES - TAG_BYTES - 1

export interface PushKeys {
  /** Base64url, as a `PushSubscription` has them. */
  readonly p256dh: string
  readonly auth: string
}

/** What is random; given in tests, where the example of the RFC is computed again. */
export interface PushRandom {
  readonly salt: Buffer
  /** Of the key pair that serves this one message. */
  readonly privateKey: Buffer
  readonly padBytes: number
}

/** Whether the browser's keys are a point of the curve and a secret of 16 bytes. */
export function areKeys(keys: PushKeys): boolean {
  try {
    const own = createECDH(CURVE)
    own.generateKeys()
    own.computeSecret(Buffer.from(keys.p256dh, 'base64url'))
    return Buffer.from(keys.auth, 'base64url').length === 16
  } catch {
    return false
  }
}

/** The body of a push. Throws `RangeError` above `PUSH_PAYLOAD_MAX_BYTES`. */
export function encryptPush(plain: Uint8Array, keys: PushKeys, given?: PushRandom): Buffer {
  if (plain.length > PUSH_PAYLOAD_MAX_BYTES) throw new RangeError('a push takes one record')
  const salt = given?.salt ?? randomBytes(SALT_BYTES)
  const own = createECDH(CURVE)
  if (given === undefined) own.generateKeys()
  else own.setPrivateKey(given.privateKey)
  const theirs = Buffer.from(keys.p256dh, 'base64url')
  const ours = own.getPublicKey()
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours])
  const shared = hkdf(own.computeSecret(theirs), Buffer.from(keys.auth, 'base64url'), info, 32)
  const key = hkdf(shared, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = hkdf(shared, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  // The delimiter 2 marks the last record; zeros behind it are padding.
  const record = [plain, Buffer.from([2]), Buffer.alloc(given?.padBytes ?? paddingOf(plain.length + 1))]
  const sealed = [...record.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()]
  const header = Buffer.alloc(SALT_BYTES + 5)
  salt.copy(header)
  header.writeUInt32BE(RECORD_SIZE_BYTES, SALT_BYTES)
  header.writeUInt8(ours.length, SALT_BYTES + 4)
  return Buffer.concat([header, ours, ...sealed])
}

function paddingOf(bytes: number): number {
  const full = Math.ceil(bytes / PAD_TO_BYTES) * PAD_TO_BYTES
  return Math.min(full, PUSH_PAYLOAD_MAX_BYTES + 1) - bytes
}

function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes))
}
