/** Topics of one kind on this gateway, each subscribed while a connection here wants it. */
import type { Bus } from '@parley/contracts'
import type { Connection } from './connection.ts'

interface Subject {
  readonly connections: Set<Connection>
  subscribed: Promise<void>
  unsubscribe?: () => void
}

export class Subjects {
  readonly #subjects = new Map<string, Subject>()
  readonly #bus: Bus
  readonly #topicOf: (key: string) => string
  readonly #onMessage: (key: string, message: string) => void

  constructor(bus: Bus, topicOf: (key: string) => string, onMessage: (key: string, message: string) => void) {
    this.#bus = bus
    this.#topicOf = topicOf
    this.#onMessage = onMessage
  }

  keys(): string[] {
    return [...this.#subjects.keys()]
  }

  /** Those who want this one, as they are now. */
  connectionsOf(key: string): readonly Connection[] {
    return [...(this.#subjects.get(key)?.connections ?? [])]
  }

  /** Resolves once nothing published later can be missed. */
  async join(key: string, connection: Connection): Promise<void> {
    // Nobody would ever leave for it, and who comes next would find a subject that hears nothing.
    if (connection.closed) return
    let subject = this.#subjects.get(key)
    if (subject === undefined) {
      const created: Subject = { connections: new Set(), subscribed: Promise.resolve() }
      const handler = (message: string) => this.#onMessage(key, message)
      created.subscribed = this.#bus.subscribe(this.#topicOf(key), handler).then((unsubscribe) => {
        created.unsubscribe = unsubscribe
        if (created.connections.size === 0) unsubscribe()
      })
      this.#subjects.set(key, created)
      subject = created
    }
    subject.connections.add(connection)
    await subject.subscribed
  }

  leave(key: string, connection: Connection): void {
    const subject = this.#subjects.get(key)
    if (subject === undefined) return
    subject.connections.delete(connection)
    if (subject.connections.size > 0) return
    this.#subjects.delete(key)
    subject.unsubscribe?.()
  }

  close(): void {
    for (const subject of this.#subjects.values()) subject.unsubscribe?.()
  }
}
