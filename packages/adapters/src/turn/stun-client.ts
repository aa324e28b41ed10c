/** Questions to a STUN server and their answers, over whichever transport its address names. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '@parley/contracts'
import type { IceUrl } from '@parley/protocol/ice-url'
import {
  ATTRIBUTE,
  type Attribute,
  decodeStun,
  type Endpoint,
  encodeStun,
  findEndpoint,
  findError,
  findText,
  isSigned,
  METHOD,
  type StunClass,
  type StunMessage,
} from './stun-message.ts'
import { openStunSocket } from './stun-socket.ts'
import { StunTrouble } from './stun-trouble.ts'

export interface StunOptions {
  readonly clock: Pick<Clock, 'after'>
  /** For connecting, and again for each answer. */
  readonly timeoutMs: number
  /** PEM of whom certificates are believed, instead of those that Node knows. */
  readonly ca?: string | undefined
}

export interface StunClient {
  /**
   * The answer, a success or an error of the server. By UDP it asks again after `RETRANSMIT_MS`, twice that, and so on.
   * Rejects with `StunTrouble` when none comes.
   */
  ask(
    method: number,
    attributes: (transaction: Buffer) => readonly Attribute[],
    key?: Buffer,
  ): Promise<StunMessage>
  /** Sent once; nobody answers. */
  tell(method: number, attributes: (transaction: Buffer) => readonly Attribute[]): void
  /** Who hears indications; one at a time. */
  onIndication(listener: (message: StunMessage) => void): void
  close(): void
}

export interface Reflection {
  /** Our address as the server sees it. */
  readonly mapped: Endpoint
  readonly software: string | undefined
}

const RETRANSMIT_MS = 250

interface Waiting {
  readonly key: Buffer | undefined
  resolve(answer: StunMessage): void
  reject(trouble: StunTrouble): void
}

/** Rejects with `StunTrouble`. */
export async function openStunClient(url: IceUrl, options: StunOptions): Promise<StunClient> {
  const { clock, timeoutMs, ca } = options
  const waiting = new Map<string, Waiting>()
  let ended: StunTrouble | undefined
  let hear: (message: StunMessage) => void = () => undefined

  function onMessage(bytes: Buffer): void {
    const message = decodeStun(bytes)
    if (message === undefined) return
    if (message.class === 'indication') {
      hear(message)
      return
    }
    const asked = waiting.get(message.transaction.toString('hex'))
    // Who does not know our password has nothing to say about what we asked with it.
    if (asked?.key !== undefined && message.class === 'success' && isSigned(bytes, asked.key) !== true) return
    asked?.resolve(message)
  }
  function onEnd(trouble: StunTrouble): void {
    ended ??= trouble
    for (const { reject } of waiting.values()) reject(trouble)
  }

  const opening = openStunSocket(url, { onMessage, onEnd }, ca)
  const socket = await withinTime(opening, options, `no connection within ${timeoutMs / 1_000} s`).catch(
    (trouble) => {
      // One that comes too late is not kept.
      opening.then((late) => late.close()).catch(() => undefined)
      throw trouble
    },
  )

  return {
    async ask(method, attributes, key) {
      if (ended !== undefined) throw ended
      const transaction = randomBytes(12)
      const bytes = encode('request', method, { transaction, attributes, key })
      const id = transaction.toString('hex')
      const answer = new Promise<StunMessage>((resolve, reject) => waiting.set(id, { key, resolve, reject }))
      const stop = url.transport === 'udp' ? repeat(clock, () => socket.send(bytes)) : () => undefined
      if (url.transport !== 'udp') socket.send(bytes)
      return withinTime(answer, options, `no answer within ${timeoutMs / 1_000} s`).finally(() => {
        stop()
        waiting.delete(id)
      })
    },
    tell(method, attributes) {
      socket.send(encode('indication', method, { transaction: randomBytes(12), attributes }))
    },
    onIndication(listener) {
      hear = listener
    },
    close() {
      socket.close()
    },
  }
}

/** Asks who we are. Rejects with `StunTrouble`. */
export async function reflect(client: StunClient): Promise<Reflection> {
  const answer = await client.ask(METHOD.binding, () => [])
  const refusal = findError(answer)
  if (refusal !== undefined) throw new StunTrouble('refused', refusal.reason, refusal.code)
  const mapped = findEndpoint(answer, ATTRIBUTE.mappedAddress)
  if (mapped === undefined) throw new StunTrouble('strange', 'the answer has no address')
  return { mapped, software: findText(answer, ATTRIBUTE.software) }
}

function encode(
  kind: StunClass,
  method: number,
  parts: {
    readonly transaction: Buffer
    readonly attributes: (transaction: Buffer) => readonly Attribute[]
    readonly key?: Buffer | undefined
  },
): Buffer {
  const { transaction, attributes, key } = parts
  return encodeStun({ class: kind, method, transaction, attributes: attributes(transaction) }, key)
}

/** At once, and again after ever longer pauses, until the returned function is called. */
function repeat(clock: Pick<Clock, 'after'>, send: () => void, pauseMs = RETRANSMIT_MS): () => void {
  send()
  let cancel = clock.after(pauseMs, function again() {
    pauseMs *= 2
    send()
    cancel = clock.after(pauseMs, again)
  })
  return () => cancel()
}

function withinTime<Result>(
  promise: Promise<Result>,
  { clock, timeoutMs }: StunOptions,
  sentence: string,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(new StunTrouble('silent', sentence)))
    promise.then(resolve, reject).finally(cancel)
  })
}
