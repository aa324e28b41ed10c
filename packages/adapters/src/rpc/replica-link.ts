/** One connection to one replica: dials for ever, notices silence, and hands back what was under way when it is cut. */
import type { Clock, Log } from '@parley/contracts'
import { WebSocket } from 'ws'
import { createOutbox } from './outbox.ts'
import {
  type AnswersFrame,
  answersFrame,
  CALL_FRAME_MAX_BYTES,
  CALLS_PATH,
  CALLS_PING_MS,
  CALLS_SILENCE_MS,
  CALLS_VERSION,
  type CallsFrame,
  CONTRACT_HEADER,
  VERSION_HEADER,
  type WireCall,
} from './wire.ts'

const DIAL_TIMEOUT_MS = 3_000
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 1_000

type Answer = NonNullable<AnswersFrame['answers']>[number]

export interface ReplicaLink {
  readonly address: string
  /** Connected, and not about to end. */
  readonly usable: boolean
  send(call: WireCall): void
  /** Nobody waits for it any more. */
  cancel(id: number): void
  close(): void
}

export interface ReplicaLinkOptions {
  /** Origin, e.g. `http://10.0.0.2:7400`. */
  readonly address: string
  readonly contract: string
  readonly serviceKey: string
  readonly clock: Clock
  readonly log: Log
  readonly onAnswer: (answer: Answer) => void
  readonly onUsable: () => void
  /** The connection was cut: what was sent and not answered may have happened or not. */
  readonly onCut: () => void
}

export function createReplicaLink(options: ReplicaLinkOptions): ReplicaLink {
  const { address, clock, log } = options
  const url = `${address.replace(/^http/, 'ws')}${CALLS_PATH}`
  const calls = createOutbox<WireCall>((batch) => send({ calls: batch }))
  const cancels = createOutbox<number>((batch) => send({ cancel: batch }))
  let webSocket: WebSocket | undefined
  let state: 'away' | 'open' | 'leaving' = 'away'
  let failures = 0
  let closed = false
  let heardAt = 0
  let cancelTimer = () => {}

  function send(frame: CallsFrame): void {
    if (state !== 'away') webSocket?.send(JSON.stringify(frame))
  }

  function dial(): void {
    const dialled = new WebSocket(url, {
      headers: {
        authorization: `Bearer ${options.serviceKey}`,
        [VERSION_HEADER]: String(CALLS_VERSION),
        [CONTRACT_HEADER]: options.contract,
      },
      handshakeTimeout: DIAL_TIMEOUT_MS,
      maxPayload: CALL_FRAME_MAX_BYTES,
      perMessageDeflate: false,
    })
    webSocket = dialled
    dialled.on('open', () => {
      if (failures > 0) log.info({ address }, 'a replica is reached again')
      failures = 0
      state = 'open'
      heardAt = clock.now()
      cancelTimer = clock.after(CALLS_PING_MS, watch)
      options.onUsable()
    })
    dialled.on('message', (data) => {
      heardAt = clock.now()
      const { answers = [], leaving = false } = answersFrame.parse(JSON.parse(String(data)))
      if (leaving) {
        // What was given to us before goes out before the `pong` by which the replica knows that nothing more comes.
        calls.flush()
        state = 'leaving'
      }
      for (const answer of answers) options.onAnswer(answer)
    })
    for (const sign of ['ping', 'pong'] as const)
      dialled.on(sign, () => {
        heardAt = clock.now()
      })
    // A refusal (wrong key, other version) arrives here too, with its status in the message.
    dialled.on('error', (error) => {
      if (failures === 0 && !closed) log.warn({ address, error: error.message }, 'a replica is not reached')
    })
    dialled.on('close', onClose)
  }

  function onClose(): void {
    cancelTimer()
    const wasOpen = state !== 'away'
    state = 'away'
    if (wasOpen) options.onCut()
    if (closed) return
    const delayMs = wasOpen ? 0 : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures)
    if (!wasOpen) failures++
    cancelTimer = clock.after(delayMs, dial)
  }

  function watch(): void {
    if (clock.now() - heardAt > CALLS_SILENCE_MS) {
      log.warn({ address }, 'a replica is silent; its connection is cut')
      webSocket?.terminate()
      return
    }
    webSocket?.ping()
    cancelTimer = clock.after(CALLS_PING_MS, watch)
  }

  dial()
  return {
    address,
    get usable() {
      return state === 'open'
    },
    send: calls.add,
    cancel: cancels.add,
    close() {
      closed = true
      cancelTimer()
      webSocket?.terminate()
    },
  }
}
