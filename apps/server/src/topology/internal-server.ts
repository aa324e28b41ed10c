/** What this process answers inside the private network: calls of the other processes, and how it is. Never behind the front door. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { FileDoorServer } from '@parley/adapters/files/serve-file-door'
import type { CallServer } from '@parley/adapters/rpc/serve-calls'
import { judgeScraper } from '@parley/contracts/judge-caller'
import type { Registry } from 'prom-client'
import { explainListenError } from '../check-port.ts'
import type { Readiness } from '../role.ts'

export interface InternalServerOptions {
  readonly host: string
  readonly port: number
  readonly calls: CallServer
  readonly files: FileDoorServer
  readonly ready: () => Readiness
  readonly metrics: Registry
  /** Opens `/metrics` to other machines; undefined: only this one may read it. */
  readonly metricsToken: string | undefined
}

/** Throws `PlainError` when the port cannot be had. */
export async function startInternalServer(
  options: InternalServerOptions,
): Promise<{ close(): Promise<void> }> {
  const { host, port, calls } = options
  const server = createServer((request, response) => {
    if (!options.files.handle(request, response)) void answer(options, request, response)
  })
  // An upload takes as long as its sender takes; who holds the service key is trusted with a connection.
  server.requestTimeout = 0
  server.on('upgrade', (request, socket, head) => calls.handleUpgrade(request, socket, head))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    throw await explainListenError(error, {
      host,
      port,
      hostSetting: 'PARLEY_INTERNAL_HOST',
      portSetting: 'PARLEY_INTERNAL_PORT',
    })
  }
  return {
    async close() {
      calls.close()
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  { ready, metrics, metricsToken }: InternalServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.method === 'GET' ? request.url?.split('?', 1)[0] : undefined
  if (path === '/healthz') return json(response, 200, { status: 'alive' })
  if (path === '/readyz') {
    const state = ready()
    return json(
      response,
      state.ready ? 200 : 503,
      state.ready ? { status: 'ready' } : { status: 'not ready', reason: state.reason },
    )
  }
  const verdict = path === '/metrics' ? judgeScraper(request, metricsToken) : 'hidden'
  if (verdict === 'refused') return json(response, 401, { status: 'wrong token' })
  if (verdict === 'welcome') {
    const text = await metrics.metrics()
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    return
  }
  json(response, 404, { status: 'not found' })
}

function json(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}
