/** Collects what goes out during a tick and hands it over once: the system call is the price, not the bytes. */
export interface Outbox<Item> {
  add(item: Item): void
  flush(): void
  /** Forgets what waits. */
  close(): void
}

export function createOutbox<Item>(send: (items: Item[]) => void): Outbox<Item> {
  let items: Item[] = []
  let closed = false

  function flush(): void {
    const batch = items
    items = []
    if (batch.length > 0 && !closed) send(batch)
  }

  return {
    add(item) {
      if (items.length === 0) setImmediate(flush)
      items.push(item)
    },
    flush,
    close() {
      closed = true
      items = []
    },
  }
}
