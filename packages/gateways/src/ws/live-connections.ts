/** All live connections of this gateway: made here, looked after here, gone from here. */
import { Connection } from './connection.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { Link } from './link.ts'
import { closeSession } from './open-connection.ts'

/** A dead gateway's connections vanish after the lease; a living one says so well before. */
const LEASE_RENEWAL_MS = 1_500

export interface LiveConnections {
  readonly open: ReadonlySet<Connection>
  /** From now on it must authenticate in time and show signs of life. */
  create(link: Link): Connection
  /** Resolves when nobody is left, at the latest after `withinMs`. */
  emptied(withinMs: number): Promise<void>
  closeAll(): void
  /** No more heartbeats and renewals. */
  stop(): void
}

export function createLiveConnections(parts: GatewayParts): LiveConnections {
  const { clock, hub, sessions, flusher, newId, gateway, log } = parts
  const open = new Set<Connection>()
  const heartbeat = createHeartbeat(clock)
  const endRevoked = parts.verifier.onRevoked(({ kind, subject }) => {
    for (const connection of [...open]) {
      if (connection.principal?.[kind] === subject) connection.close('session_revoked')
    }
  })

  let onEmpty = () => {}
  let cancelLease = clock.after(0, renewLease)
  function renewLease(): void {
    sessions
      .renewGateway({ gateway })
      .then(({ known }) => (known ? undefined : registerAgain(parts, open)))
      .catch((error: unknown) => log.warn({ error: String(error) }, 'lease not renewed'))
    cancelLease = clock.after(LEASE_RENEWAL_MS, renewLease)
  }

  function onClosed(connection: Connection): void {
    open.delete(connection)
    heartbeat.remove(connection)
    hub.detach(connection)
    void closeSession(sessions, connection)
    if (open.size === 0) onEmpty()
  }

  return {
    open,
    create(link) {
      const connection = new Connection({ id: newId(), link, flusher, now: clock.now(), onClosed })
      open.add(connection)
      heartbeat.add(connection)
      return connection
    },
    emptied(withinMs) {
      if (open.size === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, withinMs)
        onEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    closeAll() {
      for (const connection of [...open]) connection.close('draining')
    },
    stop() {
      endRevoked()
      cancelLease()
      heartbeat.close()
    },
  }
}

/** The sessions service has forgotten this gateway (its store was emptied): tell it again who is here. */
async function registerAgain(
  { sessions, gateway }: GatewayParts,
  open: ReadonlySet<Connection>,
): Promise<void> {
  for (const { id, principal, ready } of open) {
    if (principal !== null && ready)
      await sessions.openConnection({ id, user: principal.user, device: principal.device, gateway })
  }
}
