/** Whose presence is looked at on this gateway, and by whom. */
import {
  type Bus,
  type Clock,
  type Log,
  type PresenceEvent,
  presenceTopic,
  type SessionsService,
} from '@parley/contracts'
import { createBurst } from './burst.ts'
import type { Connection } from './connection.ts'
import { Subjects } from './subjects.ts'

/** Leases and grace are over by then. */
const TELL_AGAIN_MS = 4_000
const TELL_AGAIN_MAX_USERS = 500

export interface PresenceWatchParts {
  readonly bus: Bus
  readonly sessions: Pick<SessionsService, 'getPresence'>
  readonly clock: Clock
  readonly log: Log
}

export class PresenceWatch {
  readonly #parts: PresenceWatchParts
  readonly #subjects: Subjects
  #cancel = () => {}

  constructor(parts: PresenceWatchParts) {
    this.#parts = parts
    this.#subjects = new Subjects(parts.bus, presenceTopic, (user, message) =>
      this.#tell(user, JSON.parse(message) as PresenceEvent),
    )
  }

  /** Replaces whom this connection watches. */
  async watch(connection: Connection, users: readonly string[]): Promise<void> {
    const next = new Set(users)
    for (const user of connection.watched) if (!next.has(user)) this.#subjects.leave(user, connection)
    connection.watched = [...next]
    await Promise.all(connection.watched.map((user) => this.#subjects.join(user, connection)))
  }

  leave(connection: Connection): void {
    for (const user of connection.watched) this.#subjects.leave(user, connection)
    connection.watched = []
  }

  /** Something may have been lost. Not at once: gateways whose sessions were forgotten make them known again first. */
  tellAgainSoon(): void {
    this.#cancel()
    this.#cancel = this.#parts.clock.after(TELL_AGAIN_MS, () => void this.#tellAgain())
  }

  close(): void {
    this.#cancel()
    this.#subjects.close()
  }

  async #tellAgain(): Promise<void> {
    const users = this.#subjects.keys()
    try {
      for (let start = 0; start < users.length; start += TELL_AGAIN_MAX_USERS) {
        const some = users.slice(start, start + TELL_AGAIN_MAX_USERS)
        const { presence } = await this.#parts.sessions.getPresence({ users: some })
        for (const one of presence) this.#tell(one.user, one)
      }
    } catch (error) {
      this.#parts.log.debug({ error: String(error) }, 'presence not told again')
    }
  }

  #tell(user: string, event: PresenceEvent): void {
    const burst = createBurst([JSON.stringify({ t: 'presence', ...event })])
    for (const connection of this.#subjects.connectionsOf(user)) connection.pushEphemeral(burst)
  }
}
