import type {
  AuthService,
  CallsService,
  Clock,
  Log,
  NewId,
  NotificationsService,
  RateLimiter,
  RoomsService,
  SessionsService,
  Tracer,
} from '@parley/contracts'
import type { TokenVerifier } from '../shared/token-verifier.ts'
import type { Flusher } from './flusher.ts'
import type { Peers } from './forward-frame.ts'
import type { Hub } from './hub.ts'

/** What every part of the ws gateway works with. */
export interface GatewayParts {
  readonly auth: Pick<AuthService, 'getUsers'>
  readonly rooms: RoomsService
  readonly sessions: SessionsService
  readonly notifications: Pick<NotificationsService, 'followRead' | 'endRing'>
  readonly calls: CallsService
  readonly verifier: TokenVerifier
  readonly rates: RateLimiter
  readonly clock: Clock
  readonly log: Log
  readonly newId: NewId
  readonly tracer?: Tracer
  /** Exactly these origins may use the cookie. */
  readonly origins: ReadonlySet<string>
  /** This gateway's id in the sessions service. */
  readonly gateway: string
  /** Other gateways; undefined where there are none. */
  readonly peers?: Peers
  /** Connections that ended without the sessions service hearing of it. */
  readonly unclosed: Set<{ readonly id: string; readonly user: string }>
  readonly hub: Hub
  readonly flusher: Flusher
}
