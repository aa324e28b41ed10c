/** The bus of one process. Messages are text, as on a remote bus, so that no reference is ever shared. */
import type { Bus } from '@parley/contracts'

export function createInProcessBus(): Bus {
  const topics = new Map<string, Set<(message: string) => void>>()
  let pending: { topic: string; message: string }[] = []

  function deliver(): void {
    const batch = pending
    pending = []
    for (const { topic, message } of batch) {
      for (const handler of topics.get(topic) ?? []) handler(message)
    }
  }

  return {
    connected: true,
    publish(topic, message) {
      // Later, because a publisher must not run its receivers' code in the middle of its own.
      if (pending.length === 0) queueMicrotask(deliver)
      pending.push({ topic, message })
    },
    async subscribe(topic, handler) {
      const handlers = topics.get(topic) ?? new Set()
      topics.set(topic, handlers)
      // A function of its own, so that one handler may be subscribed twice and ended once.
      const own = (message: string) => handler(message)
      handlers.add(own)
      return () => {
        handlers.delete(own)
        if (handlers.size === 0 && topics.get(topic) === handlers) topics.delete(topic)
      }
    },
    onReconnect: () => () => {},
    async close() {
      topics.clear()
      pending = []
    },
  }
}
