/** One connection to one replica: dials for ever, notices silence, and hands back what was under way when it is cut. */
import type { Clock, Log } from '@parley/contracts'
import { WebSocket } from 'ws'
import { createTickBatch } from './tick-batch.ts'
import {
  type AnswersFrame,
  answersFrame,
  CALL_FRAME_MAX_BYTES,
  CALLS_PATH,
  CALLS_PING_MS,
  CALLS_SILENCE_MS,
  type CallsFrame,
  callHeaders,
  remedyFor,
  type WireCall,
} from './wire.ts'

const DIAL_TIMEOUT_MS = 3_000
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 1_000
/** One that starts, or is started again, is not worth a line: about two seconds. */
const QUIET_FAILURES = 5
const GOOD_AFTER_MS = 1_000
const SILENT_LOOKS_MAX = CALLS_SILENCE_MS / CALLS_PING_MS

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

function openSocket({ address, serviceKey, contract }: ReplicaLinkOptions): WebSocket {
  return new WebSocket(`${address.replace(/^http/, 'ws')}${CALLS_PATH}`, {
    headers: callHeaders(serviceKey, contract),
    handshakeTimeout: DIAL_TIMEOUT_MS,
    maxPayload: CALL_FRAME_MAX_BYTES,
    perMessageDeflate: false,
  })
}

/** What the log hears of dialling: each trouble once, and once that it is over. */
function createDialNews({ address, contract, log }: ReplicaLinkOptions) {
  const where = { service: contract, address }
  /** The refusal that was told since a connection opened last. */
  let refusedWith: number | undefined
  /** What was answered instead of a connection; the socket's own error comes after it and does not say. */
  let answered: string | undefined

  return {
    /** Only what does not pass by itself is told at once: waiting changes nothing. */
    refused(status: number | undefined): void {
      answered = `it answered with ${status}`
      const remedy = remedyFor(status)
      if (remedy === undefined || refusedWith === status) return
      log.warn({ ...where, status }, `a replica refuses us: ${remedy}`)
      refusedWith = status
    },
    failed(failures: number, error: string): void {
      if (failures === QUIET_FAILURES && refusedWith === undefined)
        log.warn({ ...where, error: answered ?? error }, 'a replica is not reached')
      answered = undefined
    },
    opened(failures: number): void {
      if (failures > QUIET_FAILURES || refusedWith !== undefined)
        log.info(where, 'a replica is reached again')
      refusedWith = undefined
    },
  }
}

export function createReplicaLink(options: ReplicaLinkOptions): ReplicaLink {
  const { address, clock, log } = options
  const news = createDialNews(options)
  const calls = createTickBatch((texts) => send(`{"calls":[${texts.join(',')}]}`))
  let webSocket: WebSocket | undefined
  let state: 'away' | 'open' | 'leaving' = 'away'
  let failures = 0
  let closed = false
  let openedAt = 0
  let silentLooks = 0
  let cancelTimer = () => {}

  function send(frame: string): void {
    if (state !== 'away') webSocket?.send(frame)
  }

  function dial(): void {
    const dialled = openSocket(options)
    webSocket = dialled
    dialled.on('open', () => {
      news.opened(failures)
      state = 'open'
      openedAt = performance.now()
      silentLooks = 0
      cancelTimer = clock.after(CALLS_PING_MS, watch)
      options.onUsable()
    })
    dialled.on('message', (data) => {
      silentLooks = 0
      const frame = readFrame(data)
      if (frame === undefined) {
        log.error({ address }, 'a replica sent what is not an answer; its connection is cut')
        return dialled.terminate()
      }
      const { answers = [], leaving = false } = frame
      if (leaving) {
        // What was given to us before goes out before the `pong` by which the replica knows that nothing more comes.
        calls.flush()
        state = 'leaving'
      }
      for (const answer of answers) options.onAnswer(answer)
    })
    for (const sign of ['ping', 'pong'] as const)
      dialled.on(sign, () => {
        silentLooks = 0
      })
    dialled.on('unexpected-response', (_request, { statusCode }) => {
      if (!closed) news.refused(statusCode)
      dialled.terminate()
    })
    dialled.on('error', (error) => {
      if (!closed) news.failed(failures, error.message)
    })
    dialled.on('close', onClose)
  }

  function onClose(): void {
    cancelTimer()
    const wasOpen = state !== 'away'
    state = 'away'
    if (wasOpen) options.onCut()
    if (closed) return
    // One that was good is dialled at once; one that cuts us off as soon as it hears us is not.
    if (wasOpen && performance.now() - openedAt > GOOD_AFTER_MS) failures = 0
    const delayMs = failures === 0 ? 0 : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures)
    failures++
    cancelTimer = clock.after(delayMs, dial)
  }

  function watch(): void {
    // Looks and not time: when it was us who stood still, the replica has had no chance to speak.
    if (++silentLooks > SILENT_LOOKS_MAX) {
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
    cancel: (id) => send(JSON.stringify({ cancel: [id] } satisfies CallsFrame)),
    close() {
      closed = true
      cancelTimer()
      webSocket?.terminate()
    },
  }
}

function readFrame(data: unknown): AnswersFrame | undefined {
  try {
    return answersFrame.safeParse(JSON.parse(String(data))).data
  } catch {
    return undefined
  }
}
