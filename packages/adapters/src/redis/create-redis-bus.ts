/** The bus over Redis pub/sub: a channel a topic, subscribed only while somebody here is interested. */
import type { Bus, Log } from '@parley/contracts'
import type { Redis } from './connect-redis.ts'
import { frameMessages, readFrame } from './frame-messages.ts'
import type { RedisLine } from './redis-line.ts'
import { createTopicSync } from './topic-sync.ts'

const CHANNEL_PREFIX = 'parley:'
/** Redis cuts a subscriber off that owes it more than some megabytes, so one bus message stays well below. */
export const BUS_MESSAGE_MAX_CHARS = 1_048_576

/** While Redis is slow to take it, messages beyond this are dropped: memory stays bounded. */
const UNSENT_MAX_CHARS = 33_554_432

export interface RedisBusOptions {
  readonly redis: Redis
  readonly log: Log
}

export function createRedisBus({ redis, log }: RedisBusOptions): Bus {
  const { commands, subscriber } = redis
  const topics = new Map<string, Set<(message: string) => void>>()
  const reconnectHandlers = new Set<() => void>()
  const sync = createTopicSync({
    line: subscriber,
    isWanted: (topic) => topics.has(topic),
    wanted: () => topics.keys(),
    // Plain pub/sub, here and in `createSender`: Redis is one server. In a Redis Cluster every message would go to every
    // node; there SSUBSCRIBE and SPUBLISH (Redis ≥ 7, Valkey) keep it on the shard of its topic, a channel a command.
    subscribe: (client, some) => client.subscribe(some.map(channelOf), receive),
    unsubscribe: (client, some) => client.unsubscribe(some.map(channelOf), receive),
    onRefused: (error) => log.error({ error }, 'Redis refused a subscription'),
  })
  const outbox = createOutbox(
    createSender(commands, () => {
      lossy = true
    }),
  )
  /** Something may have been lost since handlers were last told. */
  let lossy = !redis.connected
  let closed = false

  function receive(frame: string, channel: string): void {
    subscriber.noteLife()
    const topic = channel.slice(CHANNEL_PREFIX.length)
    try {
      for (const message of readFrame(frame)) {
        for (const handler of topics.get(topic) ?? []) call(() => handler(message))
      }
    } catch (error) {
      log.error({ error, topic }, 'a bus message could not be read')
    }
  }

  /** An error must not reach the connection's reader, which would lose its place in the stream. */
  function call(handler: () => void): void {
    try {
      handler()
    } catch (error) {
      log.error({ error }, 'a bus handler failed')
    }
  }

  function onChange(): void {
    if (closed) return
    if (!redis.connected) lossy = true
    else if (lossy) {
      lossy = false
      for (const handler of reconnectHandlers) call(handler)
    }
  }
  commands.onChange(onChange)
  subscriber.onChange(onChange)

  return {
    get connected() {
      return !closed && redis.connected
    },
    publish(topic, message) {
      if (!closed) outbox.add(topic, message)
    },
    async subscribe(topic, handler) {
      if (closed) return () => {}
      const handlers = topics.get(topic) ?? new Set()
      topics.set(topic, handlers)
      // A function of its own, so that one handler may be subscribed twice and ended once.
      const own = (message: string) => handler(message)
      handlers.add(own)
      await sync.settled(topic)
      if (!redis.connected) lossy = true
      return () => {
        if (!handlers.delete(own) || handlers.size > 0 || topics.get(topic) !== handlers) return
        topics.delete(topic)
        sync.note(topic)
      }
    },
    onReconnect(handler) {
      reconnectHandlers.add(handler)
      return () => void reconnectHandlers.delete(handler)
    },
    /** Ends the bus; the connections belong to `redis` and stay. */
    async close() {
      outbox.flush()
      closed = true
      const left = [...topics.keys()]
      topics.clear()
      reconnectHandlers.clear()
      for (const topic of left) sync.note(topic)
    },
  }
}

/** Publishes, bounded and without waiting. `onLost`: a message may not have arrived. */
function createSender(commands: RedisLine, onLost: () => void) {
  let unsentChars = 0

  return (topic: string, frame: string): void => {
    if (!commands.connected || unsentChars + frame.length > UNSENT_MAX_CHARS) {
      onLost()
      return
    }
    unsentChars += frame.length
    commands
      .run((client) => client.sendCommand(['PUBLISH', channelOf(topic), frame]))
      .catch(onLost)
      .finally(() => {
        unsentChars -= frame.length
      })
  }
}

function channelOf(topic: string): string {
  return CHANNEL_PREFIX + topic
}

/** Collects what is published in one turn of the event loop: one bus message a topic. */
function createOutbox(send: (topic: string, frame: string) => void) {
  let pending = new Map<string, { messages: string[]; chars: number }>()

  function flush(): void {
    const due = pending
    pending = new Map()
    for (const [topic, { messages }] of due) send(topic, frameMessages(messages))
  }

  return {
    flush,
    add(topic: string, message: string): void {
      if (pending.size === 0) setImmediate(flush)
      const batch = pending.get(topic)
      if (batch === undefined) {
        pending.set(topic, { messages: [message], chars: message.length })
      } else if (batch.chars + message.length <= BUS_MESSAGE_MAX_CHARS) {
        batch.messages.push(message)
        batch.chars += message.length
      } else {
        send(topic, frameMessages(batch.messages))
        pending.set(topic, { messages: [message], chars: message.length })
      }
    },
  }
}
