/**
 * Keeps what a connection is subscribed to equal to what is wanted. One round of commands is under way at a time and
 * the next takes all that changed meanwhile, so that coming and going interests of one topic cannot overtake each
 * other, and a thousand new ones cost a few commands.
 */
import type { RedisClient, RedisLine } from './redis-line.ts'

/** So many channels go into one command: Redis does nothing else while it runs. */
const CHANNELS_MAX_PER_COMMAND = 1_000

export interface TopicSync {
  /** Interest in the topic began or ended. */
  note(topic: string): void
  /** Notes the topic; resolves when Redis confirmed it, or at once when the connection is away or gets lost. */
  settled(topic: string): Promise<void>
}

export interface TopicSyncOptions {
  readonly line: RedisLine
  isWanted(topic: string): boolean
  wanted(): Iterable<string>
  subscribe(client: RedisClient, topics: string[]): Promise<void>
  unsubscribe(client: RedisClient, topics: string[]): Promise<void>
  /** Redis refused; the topics concerned stay as they were. */
  onRefused(error: unknown): void
}

/** What one connection is subscribed to, from its opening to its loss. */
interface Session {
  readonly client: RedisClient
  readonly subscribed: Set<string>
  changed: Set<string>
  running: boolean
  readonly waiting: Map<string, (() => void)[]>
}

export function createTopicSync(options: TopicSyncOptions): TopicSync {
  const { line, isWanted } = options
  let present: Session | undefined

  line.onOpening(async (client) => {
    end()
    const changed = new Set(options.wanted())
    const session: Session = { client, subscribed: new Set(), changed, running: true, waiting: new Map() }
    present = session
    await round(session)
  })
  line.onChange((connected) => {
    if (!connected) end()
  })

  /** Nobody is left waiting for a connection that is gone. */
  function end(): void {
    const session = present
    present = undefined
    if (session !== undefined) releaseAll(session)
  }

  function note(topic: string): void {
    const session = present
    // Without a connection there is nothing to do: the next one begins with all that is wanted then.
    if (session === undefined) return
    session.changed.add(topic)
    if (session.running) return
    session.running = true
    // Later, so that what one turn of the event loop wants goes into one command.
    setImmediate(() => void round(session).catch((error: unknown) => fail(session, error)))
  }

  function fail(session: Session, error: unknown): void {
    // A lost connection is no news: the line tells it.
    if (session === present && line.connected) options.onRefused(error)
  }

  async function round(session: Session): Promise<void> {
    try {
      while (session.changed.size > 0) await applyChanges(session)
    } finally {
      session.running = false
      releaseAll(session)
    }
  }

  async function applyChanges(session: Session): Promise<void> {
    const { client, subscribed } = session
    const topics = session.changed
    session.changed = new Set()
    const added: string[] = []
    const removed: string[] = []
    for (const topic of topics) {
      if (isWanted(topic) === subscribed.has(topic)) continue
      if (subscribed.has(topic)) removed.push(topic)
      else added.push(topic)
    }
    await Promise.all([
      ...chunks(added).map(async (some) => {
        await options.subscribe(client, some)
        line.noteLife()
        for (const topic of some) subscribed.add(topic)
      }),
      ...chunks(removed).map(async (some) => {
        await options.unsubscribe(client, some)
        line.noteLife()
        for (const topic of some) subscribed.delete(topic)
      }),
    ])
    release(session, topics)
  }

  return {
    note,
    settled(topic) {
      const session = present
      if (session === undefined) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiting = session.waiting.get(topic) ?? []
      waiting.push(resolve)
      session.waiting.set(topic, waiting)
      note(topic)
      return promise
    },
  }
}

function release({ waiting, changed }: Session, topics: Iterable<string>): void {
  for (const topic of topics) {
    // Changed again meanwhile: the next round settles it.
    if (changed.has(topic)) continue
    for (const resolve of waiting.get(topic) ?? []) resolve()
    waiting.delete(topic)
  }
}

function releaseAll(session: Session): void {
  session.changed = new Set()
  release(session, [...session.waiting.keys()])
}

function chunks(topics: readonly string[]): string[][] {
  const found: string[][] = []
  for (let at = 0; at < topics.length; at += CHANNELS_MAX_PER_COMMAND) {
    found.push(topics.slice(at, at + CHANNELS_MAX_PER_COMMAND))
  }
  return found
}
