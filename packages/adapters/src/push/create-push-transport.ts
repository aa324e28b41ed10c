/**
 * Requests to push services, whose addresses come from clients. By `https` on its own port only, never to a private
 * address: names are judged by what they resolve to at the moment of connecting, so that none can change its meaning
 * between the look and the call. Origins that the operator names are exempt, `http` ones too.
 */
import { lookup as resolve } from 'node:dns'
import {
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { PushAnswer, PushRequest, PushTransport } from '@parley/contracts'
import { isPrivateAddress } from './is-private-address.ts'

const WITHIN_MS = 10_000
const SOCKETS_MAX = 32
/** More of an answer is not read; what matters is its status. */
const ANSWER_MAX_BYTES = 16_384
const RETRY_AFTER_MAX_S = 3_600

export interface PushTransportOptions {
  /** Origins of push services inside one's own network, such as `https://push.intranet`. */
  readonly privateOrigins: readonly string[]
  readonly withinMs?: number
  /** For tests: how names are resolved. */
  readonly lookup?: LookupFunction
}

/** `close` ends connections that wait for more. */
export function createPushTransport(options: PushTransportOptions): PushTransport & { close(): void } {
  const exempt = new Set(options.privateOrigins)
  const agents = {
    guarded: new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
    http: new HttpAgent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
  }
  const lookup = guard(options.lookup ?? (resolve as LookupFunction))

  function wayTo(url: URL): Pick<RequestOptions, 'agent' | 'lookup'> {
    if (!exempt.has(url.origin)) return { agent: agents.guarded, lookup }
    const own = options.lookup === undefined ? {} : { lookup: options.lookup }
    return { agent: url.protocol === 'https:' ? agents.https : agents.http, ...own }
  }
  const mayReach = (endpoint: string): boolean => {
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
    if (url === undefined || url.username !== '' || url.password !== '') return false
    if (exempt.has(url.origin)) return true
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    if (url.protocol !== 'https:' || url.port !== '') return false
    // `node:net` asks nobody about addresses, so these are judged here.
    return isIP(host) === 0 ? !isPrivateName(host) : !isPrivateAddress(host)
  }
  return {
    mayReach,
    async post(endpoint, request) {
      if (!mayReach(endpoint)) throw new Error('this address is not one that pushes are sent to')
      const url = new URL(endpoint)
      return send(url, request, wayTo(url), options.withinMs ?? WITHIN_MS)
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** Never of the public internet, whoever is asked: a single label, and what is set aside for own networks. */
function isPrivateName(host: string): boolean {
  const labels = host.replace(/\.$/, '').split('.')
  return labels.length < 2 || /^(localhost|internal|local)$/.test(labels.at(-1) ?? '')
}

function send(
  url: URL,
  { headers, body }: PushRequest,
  way: Pick<RequestOptions, 'agent' | 'lookup'>,
  withinMs: number,
): Promise<PushAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PushAnswer>()
  const signal = AbortSignal.timeout(withinMs)
  const start = url.protocol === 'https:' ? requestHttps : requestHttp
  const outgoing = start(
    url,
    { method: 'POST', headers: { ...headers, 'content-length': String(body.length) }, signal, ...way },
    (answer) => {
      // Read to its end, so that the connection serves again.
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_MAX_BYTES) outgoing.destroy()
      })
      answer.on('error', () => {})
      resolve(answerOf(answer))
    },
  )
  outgoing.on('error', (error) => {
    reject(new Error(`${url.host} was not reached: ${signal.aborted ? 'no answer in time' : error.message}`))
  })
  outgoing.end(body)
  return promise
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): PushAnswer {
  const wait = headers['retry-after']
  if (wait === undefined) return { status: statusCode }
  const seconds = /^\d{1,9}$/.test(wait) ? Number(wait) : (Date.parse(wait) - Date.now()) / 1_000
  if (!(seconds > 0)) return { status: statusCode }
  return { status: statusCode, retryAfterMs: Math.min(seconds, RETRY_AFTER_MAX_S) * 1_000 }
}

/** Refuses a name as soon as one of its addresses is private. */
function guard(resolveName: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found
      const [first] = addresses
      if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address)))
        return callback(new Error('its name leads to a private address'), '', 0)
      if (options.all === true) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
  }
}
