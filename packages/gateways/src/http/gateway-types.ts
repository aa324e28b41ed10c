import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type {
  AuthService,
  CallContext,
  FileDoor,
  FilesService,
  Log,
  NewId,
  NotificationsService,
  RateLimiter,
  RoomsService,
  SessionsService,
  Span,
  Tracer,
} from '@parley/contracts'
import { type ErrorCode, ParleyError } from '@parley/protocol'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Registry } from 'prom-client'
import type { StreamDoor } from '../shared/stream-door.ts'
import type { Principal, TokenVerifier } from '../shared/token-verifier.ts'
import type { RateName } from './rate-rules.ts'

export type Readiness = boolean | { readonly ready: boolean; readonly reason?: string }

/** While `ready` gives this reason every answer asks the client to connect elsewhere next time. */
export const DRAINING_REASON = 'draining'

export interface HttpGatewayDeps {
  readonly auth: AuthService
  readonly rooms: RoomsService
  readonly sessions: SessionsService
  readonly files: FilesService
  /** The way of files' bytes. */
  readonly fileDoor: FileDoor
  readonly notifications: NotificationsService
  readonly verifier: TokenVerifier
  readonly rates: RateLimiter
  readonly log: Log
  /** Origins, e.g. `https://chat.example.org`, whose pages may use the cookie. Read at each request. */
  readonly origins: ReadonlySet<string>
  /** True behind HTTPS: cookies get `Secure`, answers `Strict-Transport-Security`. */
  readonly secureCookies: boolean
  /** The built web client, an absolute path; `null` serves none. */
  readonly webDirectory: string | null
  /** Without the REST door: only the stand-by link, health and metrics. */
  readonly serves?: 'everything' | 'stand-by link'
  readonly ready: () => Readiness
  readonly metrics: Registry
  /** Opens `/metrics` to peers that are not on this machine; `null` keeps it closed to them. */
  readonly metricsToken: string | null
  /** `null` where the delivery engine runs elsewhere: the stand-by link then answers 404. */
  readonly stream: StreamDoor | null
  readonly newId: NewId
  readonly tracer?: Tracer
  /** Whose `X-Forwarded-For` is believed: nobody's (default), everybody's, or that of these addresses and ranges. */
  readonly trustProxy?: boolean | string
}

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; `null` on routes that ask for no credentials. */
    principal: Principal | null
    /** The first step of its journey, where that is recorded. */
    span?: Span
  }
  interface FastifyContextConfig {
    /** `user`: valid credentials needed. `open`: none. Left out: neither checked nor limited. */
    access?: 'user' | 'open'
    /** Codes this route may answer beyond those its access, its body and its parameters bring along. */
    errors?: readonly ErrorCode[]
    /** Instead of `read` or `write` by the method. */
    rate?: RateName
    /** A refused request of this route clears the cookies all the same: its sender wanted to be rid of them. */
    endsSession?: boolean
    /** Its body may take as long as it moves. */
    streams?: boolean
    /** Has a body schema, and may come without a body. */
    bodyOptional?: boolean
  }
}

/** Who asks; on a route without `access: 'user'` nobody, which is refused. */
export function principalOf(request: { readonly principal: Principal | null }): Principal {
  if (request.principal === null) throw new ParleyError('unauthenticated')
  return request.principal
}

export function contextOf({ id, span }: { readonly id: string; readonly span?: Span }): CallContext {
  return span === undefined ? { requestId: id } : { requestId: id, trace: span.trace }
}
