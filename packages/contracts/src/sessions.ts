/** What the sessions service promises: which user, device and connection sits on which gateway; presence. It stores nothing about rooms or messages. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, type ServiceOf, verb } from './contract.ts'

export const GATEWAY_URL_MAX_CHARS = 500

export const connection = z.object({
  id: shape.id,
  user: shape.id,
  device: shape.id,
  gateway: shape.id,
  opened_at: shape.timestamp,
})

export const sessionsContract = defineContract('sessions', {
  /** Registers a live connection; `rate_limited` when the user has too many. */
  openConnection: verb(
    z.object({ id: shape.id, user: shape.id, device: shape.id, gateway: shape.id }),
    z.object({}),
  ),
  closeConnection: verb(z.object({ id: shape.id, user: shape.id }), z.object({})),
  /**
   * A gateway says that it lives; without it, its connections vanish after `GATEWAY_LEASE_MS`. `known` is false when
   * nothing was remembered of it (it came too late, or the service is new): it then opens its connections again.
   * `url` is where other processes of the deployment reach it.
   */
  renewGateway: verb(
    z.object({ gateway: shape.id, url: z.string().max(GATEWAY_URL_MAX_CHARS).optional() }),
    z.object({ known: z.boolean() }),
  ),
  /** Where the other processes reach a gateway; without `url` when it is not there, or has not said so. */
  findGateway: verb(z.object({ gateway: shape.id }), z.object({ url: z.string().optional() })),
  /** Online or away, as the client of this connection says. */
  setState: verb(
    z.object({ id: shape.id, user: shape.id, state: z.enum(['online', 'away']) }),
    z.object({ state: shape.presenceState }),
  ),
  findConnections: verb(z.object({ user: shape.id }), z.object({ connections: z.array(connection) })),
  getPresence: verb(z.object({ users: z.array(shape.id) }), z.object({ presence: z.array(shape.presence) })),
  listOnline: verb(
    z.object({ limit: z.int(), cursor: z.string().optional() }),
    z.object({ users: z.array(shape.id), next: z.string().optional() }),
  ),
})

/** Without a renewal for this long a gateway counts as dead. */
export const GATEWAY_LEASE_MS = 5_000
/** A user stays online this long after the last connection closed, so that a reload is not seen. */
export const OFFLINE_GRACE_MS = 3_000
export const CONNECTIONS_MAX_PER_USER = 50

export type SessionsService = ServiceOf<typeof sessionsContract>
export type Connection = z.output<typeof connection>
