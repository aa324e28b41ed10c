/** An allocation on a TURN server (RFC 8656), as a browser makes one, for a program that asks how the server is. */
import type { Clock } from '@parley/contracts'
import type { IceUrl } from '@parley/protocol/ice-url'
import { openStunClient, type StunClient, type StunOptions } from './stun-client.ts'
import {
  ATTRIBUTE,
  type Attribute,
  type Endpoint,
  encodeEndpoint,
  find,
  findEndpoint,
  findError,
  findText,
  longTermKey,
  METHOD,
  type StunMessage,
} from './stun-message.ts'
import { StunTrouble } from './stun-trouble.ts'

export interface TurnOptions extends StunOptions {
  readonly clock: Clock
  readonly username: string
  readonly credential: string
  /** Of the relayed address; 4 where it is not said. */
  readonly family?: 4 | 6
}

export interface TurnAllocation {
  /** Where others reach us through the server. */
  readonly relayed: Endpoint
  /** Our address as the server sees it. */
  readonly mapped: Endpoint | undefined
  readonly software: string | undefined
  /** It wanted no credentials: anybody may relay there. */
  readonly open: boolean
  /** Lets this address send to us and us to it. Rejects with `StunTrouble`, 403 where the server's rules forbid it. */
  permit(address: string): Promise<void>
  /** Through the server, as far as there is a permission; may be lost like any packet. */
  send(to: Endpoint, data: Buffer): void
  /** Who hears what comes through the server; one at a time. */
  onData(listener: (data: Buffer, from: Endpoint) => void): void
  /** Gives it back. Never rejects. */
  release(): Promise<void>
}

const UDP = 17
/** Errors that only say how to ask again. */
const [UNAUTHORIZED, STALE_NONCE] = [401, 438]
const ASKED_ATTEMPTS = 3

/** Rejects with `StunTrouble`; with code 401 when the credentials are not taken. */
export async function allocate(url: IceUrl, options: TurnOptions): Promise<TurnAllocation> {
  const client = await openStunClient(url, options)
  try {
    return await allocateWith(client, options)
  } catch (error) {
    client.close()
    throw error
  }
}

async function allocateWith(client: StunClient, options: TurnOptions): Promise<TurnAllocation> {
  const wanted = [
    attribute(ATTRIBUTE.transport, [UDP, 0, 0, 0]),
    ...(options.family === 6 ? [attribute(ATTRIBUTE.addressFamily, [2, 0, 0, 0])] : []),
  ]
  const first = await client.ask(METHOD.allocate, () => wanted)
  const authenticated = authenticate(client, options)
  const open = first.class === 'success'
  const answer = open ? first : await authenticated(METHOD.allocate, () => wanted, first)
  const relayed = findEndpoint(answer, ATTRIBUTE.relayedAddress)
  if (relayed === undefined) throw new StunTrouble('strange', 'the answer has no relayed address')
  const ask: Asking = open ? (method, attributes) => demand(client.ask(method, attributes)) : authenticated

  return {
    relayed,
    mapped: findEndpoint(answer, ATTRIBUTE.mappedAddress),
    software: findText(answer, ATTRIBUTE.software),
    open,
    async permit(address) {
      await ask(METHOD.permit, (transaction) => [
        [ATTRIBUTE.peerAddress, encodeEndpoint({ address, port: 0 }, transaction)],
      ])
    },
    send(to, data) {
      client.tell(METHOD.send, (transaction) => [
        [ATTRIBUTE.peerAddress, encodeEndpoint(to, transaction)],
        [ATTRIBUTE.data, data],
      ])
    },
    onData(listener) {
      client.onIndication((message) => {
        const from = findEndpoint(message, ATTRIBUTE.peerAddress)
        const data = find(message, ATTRIBUTE.data)
        if (message.method === METHOD.data && from !== undefined && data !== undefined) listener(data, from)
      })
    },
    async release() {
      await ask(METHOD.refresh, () => [attribute(ATTRIBUTE.lifetime, [0, 0, 0, 0])]).catch(() => undefined)
      client.close()
    },
  }
}

type Asking = (
  method: number,
  attributes: (transaction: Buffer) => readonly Attribute[],
  /** What the server said to the same before. */
  before?: StunMessage,
) => Promise<StunMessage>

/** Asks with name and password, with the realm and the nonce of the server's last refusal. */
function authenticate(client: StunClient, { username, credential }: TurnOptions): Asking {
  let challenge: { readonly realm: Buffer; readonly nonce: Buffer; readonly key: Buffer } | undefined

  function learn(refusal: StunMessage): void {
    const realm = find(refusal, ATTRIBUTE.realm)
    const nonce = find(refusal, ATTRIBUTE.nonce)
    if (realm === undefined || nonce === undefined)
      throw new StunTrouble('strange', 'it wants credentials without saying for what')
    challenge = { realm, nonce, key: longTermKey(username, realm.toString('utf8'), credential) }
  }

  return async (method, attributes, before) => {
    for (let answer = before, attempt = 1; ; attempt++) {
      const code = answer === undefined ? undefined : findError(answer)?.code
      if (answer !== undefined) {
        // A second 401 means that it knows us not; a stale nonce, that it would like another one.
        const mayAgain = code === STALE_NONCE || (code === UNAUTHORIZED && challenge === undefined)
        if (!mayAgain || attempt > ASKED_ATTEMPTS) return demand(Promise.resolve(answer))
        learn(answer)
      }
      const { realm, nonce, key } = challenge ?? {}
      const shown: Attribute[] =
        realm === undefined || nonce === undefined
          ? []
          : [
              [ATTRIBUTE.username, Buffer.from(username)],
              [ATTRIBUTE.realm, realm],
              [ATTRIBUTE.nonce, nonce],
            ]
      answer = await client.ask(method, (transaction) => [...attributes(transaction), ...shown], key)
      if (answer.class === 'success') return answer
    }
  }
}

async function demand(answering: Promise<StunMessage>): Promise<StunMessage> {
  const answer = await answering
  if (answer.class === 'success') return answer
  const refusal = findError(answer)
  throw new StunTrouble('refused', refusal?.reason ?? 'no reason was given', refusal?.code)
}

function attribute(type: number, bytes: readonly number[]): Attribute {
  return [type, Buffer.from(bytes)]
}
