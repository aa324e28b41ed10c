import { finished } from 'node:stream/promises'
import fastifyCookie from '@fastify/cookie'
import { errorCatalogue, JSON_BODY_MAX_BYTES, ParleyError } from '@parley/protocol'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { createSerializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { createAdmission } from './admit-request.ts'
import { createClientErrorAnswer, createErrorAnswer } from './answer-errors.ts'
import { describeApi } from './describe-api.ts'
import { type App, DRAINING_REASON, type HttpGatewayDeps } from './gateway-types.ts'
import { createLeave, type Leave } from './leave-front-door.ts'
import { limitRequestTime } from './limit-request-time.ts'
import { createObservation } from './observe-requests.ts'
import { parseJson } from './parse-json.ts'
import { registerAdminRoutes } from './routes/admin.ts'
import { registerAuthRoutes } from './routes/auth.ts'
import { registerDigestRoutes } from './routes/digest.ts'
import { registerEmailRoutes } from './routes/email.ts'
import { registerFileRoutes } from './routes/files.ts'
import { registerMemberRoutes } from './routes/members.ts'
import { registerMessageRoutes } from './routes/messages.ts'
import { registerNotificationRoutes } from './routes/notifications.ts'
import { registerOperationRoutes } from './routes/operations.ts'
import { registerRoomStorageRoutes } from './routes/room-storage.ts'
import { registerRoomRoutes } from './routes/rooms.ts'
import { registerSearchRoutes } from './routes/search.ts'
import { registerSeedDoors } from './routes/seed-doors.ts'
import { registerStreamRoutes } from './routes/stream.ts'
import { registerUserRoutes } from './routes/users.ts'
import { baseHeaders } from './security-headers.ts'
import { serveWebClient } from './serve-web-client.ts'
import { createSessionCookies, type SessionCookies } from './session-cookies.ts'
import { takeTurns } from './take-turns.ts'
import { traceRequests } from './trace-requests.ts'
import { validateInput } from './validate-input.ts'

/** Version of the public contract, not of the program. */
const API_VERSION = '1.0.0'
/** A request, its body included, must have arrived within this. */
const REQUEST_TIMEOUT_MS = 30_000
/** Nothing moves on a connection for this long: nobody takes the answer, which is kept in memory until then. */
const SILENCE_MAX_MS = 60_000
/** An emoji of many code points, percent-encoded, is the longest thing in a path. */
const PATH_PART_MAX_CHARS = 600
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/**
 * The REST door: translates HTTP to the services' contracts, and holds nothing. The instance is complete and does
 * not listen yet; `close()` finishes what is in flight and hangs up on idle connections.
 */
export async function createHttpGateway(deps: HttpGatewayDeps): Promise<App> {
  const headers = baseHeaders(deps.secureCookies)
  const answerError = createErrorAnswer(deps.log)
  const answerClientError = createClientErrorAnswer(deps.newId, deps.log)
  const observe = createObservation(deps.metrics, deps.log)
  let closing = false

  const leaving = (): boolean => closing || isDraining(deps)
  const leave = createLeave(leaving)
  const letGo = (reply: FastifyReply): void => {
    if (leaving()) reply.header('connection', 'close')
  }
  const prepare = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.headers(headers).header('x-request-id', request.id)
    letGo(reply)
  }

  const app: App = Fastify({
    logger: false,
    bodyLimit: JSON_BODY_MAX_BYTES,
    // Our own limit knows which routes take long; see `limitRequestTime`.
    requestTimeout: 0,
    connectionTimeout: SILENCE_MAX_MS,
    forceCloseConnections: 'idle',
    // Requests on connections that are still open while closing are answered, not refused: nobody sees the restart.
    return503OnClosing: false,
    trustProxy: deps.trustProxy ?? false,
    routerOptions: { maxParamLength: PATH_PART_MAX_CHARS },
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : deps.newId()
    },
    clientErrorHandler: answerClientError,
    // Paths that cannot be decoded never reach a route or a hook.
    frameworkErrors: (error, request, reply) => {
      prepare(request, reply)
      reply.raw.once('finish', () => observe(request, reply))
      answerError(error, request, reply)
    },
  }).withTypeProvider<ZodTypeProvider>()

  app.server.headersTimeout = REQUEST_TIMEOUT_MS
  app.setValidatorCompiler(validateInput)
  app.setSerializerCompiler(createSerializerCompiler())
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(() => {
    throw new ParleyError('not_found')
  })
  takeJsonOnly(app)
  app.decorateRequest('principal', null)
  await app.register(fastifyCookie, { hook: false })
  const cookies = createSessionCookies(deps.secureCookies)

  app.addHook('onRequest', async (request, reply) => prepare(request, reply))
  app.addHook('onRequest', async (request, reply) => sendBack(leave, request, reply))
  app.addHook('onRequest', limitRequestTime(REQUEST_TIMEOUT_MS, answerClientError))
  traceRequests(app, deps.tracer)
  app.addHook('onRequest', createAdmission({ ...deps, clearCookies: cookies.clear }))
  // Again at the end, for what was in flight when the closing began.
  app.addHook('onSend', async (_request, reply) => letGo(reply))
  app.addHook('onResponse', async (request, reply) => observe(request, reply))
  app.addHook('preClose', async () => {
    closing = true
    await leave.alone()
  })

  await describeApi(app, API_VERSION)
  app.addHook('onRoute', takeTurns())
  await registerRoutes(app, deps, cookies)
  if (deps.webDirectory !== null) {
    await serveWebClient(app, { directory: deps.webDirectory, origins: deps.origins })
  }
  await app.ready()
  return app
}

async function registerRoutes(app: App, deps: HttpGatewayDeps, cookies: SessionCookies): Promise<void> {
  registerOperationRoutes(app, deps)
  if (deps.serves === 'stand-by link') {
    await app.register(async (scope: App) => registerStreamRoutes(scope, deps), { prefix: '/api/v1' })
    return
  }
  registerSeedDoors(app, deps)
  await app.register(
    async (scope: App) => {
      registerAuthRoutes(scope, deps, cookies)
      registerEmailRoutes(scope, deps)
      registerUserRoutes(scope, deps)
      registerAdminRoutes(scope, deps)
      registerRoomRoutes(scope, deps)
      registerRoomStorageRoutes(scope, deps)
      registerMemberRoutes(scope, deps)
      registerMessageRoutes(scope, deps)
      registerFileRoutes(scope, deps)
      registerSearchRoutes(scope, deps)
      registerNotificationRoutes(scope, deps)
      registerDigestRoutes(scope, deps)
      registerStreamRoutes(scope, deps)
    },
    { prefix: '/api/v1' },
  )
}

/** The status is for the front door, which shows it to nobody. */
async function sendBack(
  leave: Leave,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (!leave.sendsBack(request.headers)) return undefined
  // A connection that is closed with something unread is reset, and the front door would not see our answer.
  await finished(request.raw.resume(), { writable: false }).catch(() => undefined)
  const { message } = errorCatalogue.unavailable
  return reply.code(502).send({ error: { code: 'unavailable', message, request_id: request.id } })
}

function isDraining(deps: HttpGatewayDeps): boolean {
  const state = deps.ready()
  return typeof state === 'object' && !state.ready && state.reason === DRAINING_REASON
}

/** JSON is the only body there is. Where none is expected an empty one of any kind will do: `curl -d ''` sends a form. */
function takeJsonOnly(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      if (request.is404) return undefined
      if (body.length > 0) return parseJson(body)
      if (needsBody(request)) throw new ParleyError('invalid_json')
      return undefined
    },
  )
  app.addContentTypeParser('*', async (request: FastifyRequest) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    const empty = encoding === undefined && (length === undefined || length === '0')
    if (!request.is404 && (!empty || needsBody(request))) throw new ParleyError('unsupported_media_type')
    return undefined
  })
}

function needsBody(request: FastifyRequest): boolean {
  return request.routeOptions.schema?.body !== undefined && request.routeOptions.config.bodyOptional !== true
}
