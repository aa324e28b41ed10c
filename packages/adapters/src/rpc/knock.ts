/** One attempt at what every caller does: whether a process would take calls, for who examines a deployment. */
import { WebSocket } from 'ws'
import { CALLS_PATH, callHeaders, remedyFor } from './wire.ts'

export interface KnockOptions {
  /** Origin, e.g. `http://10.0.0.2:7400`. */
  readonly address: string
  readonly contract: string
  readonly serviceKey: string
  readonly timeoutMs: number
}

/** Undefined when it takes calls of this contract, otherwise why not and what to do, without a full stop. Never throws. */
export function knock({
  address,
  contract,
  serviceKey,
  timeoutMs,
}: KnockOptions): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const webSocket = new WebSocket(`${address.replace(/^http/, 'ws')}${CALLS_PATH}`, {
    headers: callHeaders(serviceKey, contract),
    handshakeTimeout: timeoutMs,
  })
  webSocket.on('open', () => resolve(undefined))
  webSocket.on('unexpected-response', (_request, { statusCode }) => {
    const passing =
      statusCode === 503 ? 'it starts or leaves, or runs other roles' : `it answers ${statusCode}`
    resolve(remedyFor(statusCode) ?? passing)
  })
  webSocket.on('error', (error) => resolve(`it does not answer (${error.message || 'nobody listens'})`))
  return promise.finally(() => webSocket.terminate())
}
