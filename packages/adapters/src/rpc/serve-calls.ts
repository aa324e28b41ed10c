/** The answering side of calls between processes. Whoever holds the service key may call; nobody else gets a byte. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { CallContext, Clock, Contract, Log, ServiceOf, Verb } from '@parley/contracts'
import { holdsKey } from '@parley/contracts/judge-caller'
import { ParleyError } from '@parley/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { createTickBatch } from './tick-batch.ts'
import {
  type AnswersFrame,
  CALL_FRAME_MAX_BYTES,
  CALLS_PATH,
  CALLS_PING_MS,
  CALLS_SILENCE_MS,
  CALLS_VERSION,
  CALLS_VERSION_OLDEST,
  CONTRACT_HEADER,
  callsFrame,
  toWireError,
  VERSION_HEADER,
  type WireCall,
} from './wire.ts'

/** Of one caller, at the same time; far above what batches and bounded connections ask for. */
const IN_FLIGHT_MAX = 20_000
const OVERLOADED_RETRY_MS = 1_000
/** Remembered, so that each is told of once. */
const REFUSED_ADDRESSES_MAX = 1_000
/** Looks at a caller that says nothing, one a second; generous, because a dead one costs nothing and a busy one comes back. */
const CALLER_SILENT_LOOKS_MAX = 10
/** Marks the ping that follows the word of our leaving. */
const LEAVING = 'leaving'

export interface CallServerOptions {
  /** Each of them opens the door: while a key is replaced, callers have the old one or the new one. */
  readonly serviceKeys: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

export interface CallServer {
  /** Takes callers of this contract from now on; before, they are refused and go elsewhere, or come again. */
  provide<C extends Contract>(contract: C, service: ServiceOf<C>): void
  /** For the internal HTTP server's `upgrade` event; closes what is not a call. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Sends callers elsewhere; resolves when nothing is under way, at the latest after `withinMs`. */
  drain(withinMs: number): Promise<void>
  close(): void
}

type AnyService = Record<string, (input: unknown, context: CallContext) => Promise<unknown>>
type Provided = Map<string, { verbs: Record<string, Verb>; service: AnyService }>

export function createCallServer({ serviceKeys, clock, log }: CallServerOptions): CallServer {
  const provided: Provided = new Map()
  const callers = new Set<Caller>()
  const refusals = createRefusalNews(log)
  let leaving = false
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: CALL_FRAME_MAX_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  })

  return {
    provide(contract, service) {
      provided.set(contract.name, { verbs: contract.verbs, service: service as AnyService })
    },
    handleUpgrade(request, socket, head) {
      const address = request.socket.remoteAddress ?? ''
      const refused = refusal(request, serviceKeys) ?? absence(request, provided, leaving)
      if (refused !== undefined) {
        refusals.refused(address, refused)
        return refuse(socket, refused)
      }
      refusals.admitted(address)
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const caller = createCaller({ webSocket, provided, clock, log, onEnd: () => callers.delete(caller) })
        callers.add(caller)
      })
    },
    async drain(withinMs) {
      leaving = true
      for (const caller of callers) caller.leave()
      const deadline = Promise.withResolvers<void>()
      const cancel = clock.after(withinMs, deadline.resolve)
      await Promise.race([Promise.all([...callers].map((caller) => caller.idle())), deadline.promise])
      cancel()
    },
    close() {
      for (const caller of callers) caller.end()
      server.close()
    },
  }
}

interface Caller {
  leave(): void
  /** Resolves when nothing is under way and, having been told to leave, the caller sends nothing more. */
  idle(): Promise<void>
  end(): void
}

interface CallerParts {
  readonly webSocket: WebSocket
  readonly provided: Provided
  readonly clock: Clock
  readonly log: Log
  readonly onEnd: () => void
}

function createCaller({ webSocket, provided, clock, log, onEnd }: CallerParts): Caller {
  const underWay = new Map<number, AbortController>()
  const idlers: (() => void)[] = []
  const gone = Promise.withResolvers<void>()
  const answers = createTickBatch((texts) => webSocket.send(`{"answers":[${texts.join(',')}]}`))
  const settle = (answer: NonNullable<AnswersFrame['answers']>[number]) => answers.add(answer)
  let silentLooks = 0
  /** By a clock that never jumps. */
  let lookedAt = performance.now()
  let cancelWatch = clock.after(CALLS_PING_MS, watch)

  /** Then our caller has cut us off and asked elsewhere: what it sent before must not be done a second time. */
  const wasFrozen = () => performance.now() - lookedAt > CALLS_SILENCE_MS

  function watch(): void {
    if (wasFrozen() || ++silentLooks > CALLER_SILENT_LOOKS_MAX) {
      webSocket.terminate()
      return
    }
    lookedAt = performance.now()
    webSocket.ping()
    cancelWatch = clock.after(CALLS_PING_MS, watch)
  }

  async function take(call: WireCall): Promise<void> {
    const abort = new AbortController()
    underWay.set(call.id, abort)
    try {
      const output = await answer(provided, call, abort.signal)
      if (!abort.signal.aborted) settle({ id: call.id, output })
    } catch (error) {
      if (!(error instanceof ParleyError))
        log.error({ error, verb: `${call.contract}.${call.verb}`, request_id: call.request }, 'a call failed')
      const known = error instanceof ParleyError ? error : new ParleyError('unavailable')
      if (!abort.signal.aborted) settle({ id: call.id, error: toWireError(known) })
    }
    underWay.delete(call.id)
    if (underWay.size === 0) for (const done of idlers.splice(0)) setImmediate(done)
  }

  webSocket.on('message', (data) => {
    if (wasFrozen()) return webSocket.terminate()
    silentLooks = 0
    const frame = readFrame(data)
    if (frame === undefined) {
      log.error({}, 'a caller sent what is not a call; its connection is closed')
      return webSocket.terminate()
    }
    for (const id of frame.cancel ?? []) underWay.get(id)?.abort()
    for (const call of frame.calls ?? []) {
      if (underWay.size < IN_FLIGHT_MAX) void take(call)
      else settle({ id: call.id, error: toWireError(overloaded()) })
    }
  })
  webSocket.on('pong', (data) => {
    silentLooks = 0
    if (data.toString() === LEAVING) gone.resolve()
  })
  webSocket.on('error', (error) => log.debug({ error }, 'a caller’s connection failed'))
  webSocket.on('close', () => {
    cancelWatch()
    answers.close()
    // What it asked for may go on, but nobody hears the answer.
    for (const abort of underWay.values()) abort.abort()
    gone.resolve()
    onEnd()
  })

  return {
    leave() {
      webSocket.send(JSON.stringify({ leaving: true } satisfies AnswersFrame))
      // Answered after that was read, so behind every call that was on its way to us.
      webSocket.ping(LEAVING)
    },
    async idle() {
      await gone.promise
      if (underWay.size > 0) await new Promise<void>((resolve) => idlers.push(resolve))
    },
    end() {
      answers.flush()
      webSocket.close(1001)
      clock.after(CALLS_PING_MS, () => webSocket.terminate())
    },
  }
}

async function answer(provided: Provided, call: WireCall, signal: AbortSignal): Promise<unknown> {
  const target = provided.get(call.contract)
  const definition =
    target === undefined || !Object.hasOwn(target.verbs, call.verb) ? undefined : target.verbs[call.verb]
  const verb = target?.service[call.verb]
  if (definition === undefined || verb === undefined)
    throw new ParleyError('unavailable', { retryAfterMs: 1_000 })
  const context = {
    requestId: call.request ?? '',
    signal,
    ...(call.trace === undefined ? {} : { trace: call.trace }),
  }
  return verb(definition.input.parse(call.input), context)
}

const overloaded = () => new ParleyError('overloaded', { retryAfterMs: OVERLOADED_RETRY_MS })

function readFrame(data: unknown) {
  try {
    return callsFrame.safeParse(JSON.parse(String(data))).data
  } catch {
    return undefined
  }
}

interface Refusal {
  readonly status: string
  readonly why: string
  /** Nothing is wrong; it is only too early. */
  readonly passes?: boolean
}

function refusal(request: IncomingMessage, serviceKeys: readonly string[]): Refusal | undefined {
  if (request.url !== CALLS_PATH)
    return { status: '404 Not Found', why: 'an upgrade of an unknown path was refused' }
  if (!holdsKey(request, serviceKeys))
    return { status: '401 Unauthorized', why: 'a caller without the right PARLEY_SERVICE_KEY was refused' }
  const version = Number(request.headers[VERSION_HEADER])
  if (version >= CALLS_VERSION_OLDEST && version <= CALLS_VERSION) return undefined
  return {
    status: '426 Upgrade Required',
    why: `a caller that speaks version ${version} was refused: this process speaks ${CALLS_VERSION_OLDEST} to ${CALLS_VERSION}`,
  }
}

/** Who starts or leaves would answer with `unavailable` what another replica, or a moment later this one, can answer. */
function absence(request: IncomingMessage, provided: Provided, leaving: boolean): Refusal | undefined {
  const contract = request.headers[CONTRACT_HEADER]
  if (!leaving && (contract === undefined || provided.has(String(contract)))) return undefined
  const why = `a caller came for ${contract ?? 'a service'}, which is ${leaving ? 'not here any more' : 'not here yet'}`
  return { status: '503 Service Unavailable', why, passes: true }
}

/** A refused caller comes again every second: each status is told once an address, until somebody from there gets in. */
function createRefusalNews(log: Log) {
  /** Statuses by address; the address that came first is forgotten first. */
  const told = new Map<string, Set<string>>()

  return {
    refused(address: string, { status, why, passes }: Refusal): void {
      if (passes === true) {
        log.debug({ from: address, status }, why)
        return
      }
      const statuses = told.get(address) ?? new Set()
      if (statuses.has(status)) return
      const [oldest] = told.keys()
      if (statuses.size === 0 && told.size >= REFUSED_ADDRESSES_MAX && oldest !== undefined)
        told.delete(oldest)
      told.set(address, statuses.add(status))
      log.warn({ from: address, status }, why)
    },
    admitted: (address: string) => void told.delete(address),
  }
}

function refuse(socket: Duplex, { status }: Refusal): void {
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status}\r\n${VERSION_HEADER}: ${CALLS_VERSION}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  )
}
