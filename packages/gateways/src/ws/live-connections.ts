/** All live connections of this gateway: made here, looked after here, gone from here. */
import { loseEndpoints } from './call-requests.ts'
import { Connection } from './connection.ts'
import { connectionId } from './forward-frame.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { Link } from './link.ts'
import { closeReasonOf, closeSession, registerSession } from './open-connection.ts'

/** A dead gateway's connections vanish after the lease; a living one says so well before. */
const LEASE_RENEWAL_MS = 1_500
const REGISTER_AT_ONCE = 200

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
  const { clock, hub, sessions, flusher, newId, gateway, peers, log } = parts
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
      .renewGateway({ gateway, ...(peers === undefined ? {} : { url: peers.selfUrl }) })
      .then(({ known }) => {
        // Its store was emptied, or we came too late: it must be told again who is here.
        if (!known) for (const connection of open) connection.registered = false
        repeatCloses(parts)
        return registerMissing(parts, open)
      })
      .catch((error: unknown) => log.warn({ error: String(error) }, 'lease not renewed'))
    cancelLease = clock.after(LEASE_RENEWAL_MS, renewLease)
  }

  function onClosed(connection: Connection): void {
    open.delete(connection)
    heartbeat.remove(connection)
    hub.detach(connection)
    void closeSession(parts, connection)
    loseEndpoints(parts.calls, connection)
    if (open.size === 0) onEmpty()
  }

  return {
    open,
    create(link) {
      const connection = new Connection({
        id: connectionId(gateway, newId()),
        link,
        flusher,
        now: clock.now(),
        onClosed,
      })
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

/** Makes known whoever the sessions service does not know: while it or its store was away, people were let in all the same. */
async function registerMissing(parts: GatewayParts, open: ReadonlySet<Connection>): Promise<void> {
  const missing = [...open].filter(({ ready, registered }) => ready && !registered)
  for (let start = 0; start < missing.length; start += REGISTER_AT_ONCE) {
    const some = missing.slice(start, start + REGISTER_AT_ONCE)
    await Promise.all(
      some.map((connection) =>
        // One that may not be registered is one too many, and must not keep the others from it.
        registerSession(parts, connection).catch((error: unknown) => connection.close(closeReasonOf(error))),
      ),
    )
  }
}

/** Those that could not be said while the sessions service was away. */
function repeatCloses({ sessions, unclosed }: GatewayParts): void {
  for (const session of [...unclosed].slice(0, REGISTER_AT_ONCE)) {
    unclosed.delete(session)
    sessions.closeConnection(session).catch(() => unclosed.add(session))
  }
}
