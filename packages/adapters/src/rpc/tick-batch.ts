/** Collects what goes out during a tick and hands it over together: the system call is the price, not the bytes. */
export interface TickBatch {
  add(item: object): void
  flush(): void
  /** Forgets what waits, and what comes later. */
  close(): void
}

/** UTF-16 units of one frame, far below what the other side accepts; a longer item is a frame of its own. */
const FRAME_MAX_CHARS = 1024 * 1024

/** `send` gets JSON texts of items. */
export function createTickBatch(send: (texts: readonly string[]) => void): TickBatch {
  let texts: string[] = []
  let chars = 0
  let scheduled = false
  let closed = false

  function flush(): void {
    scheduled = false
    const batch = texts
    texts = []
    chars = 0
    if (batch.length > 0 && !closed) send(batch)
  }

  return {
    add(item) {
      const text = JSON.stringify(item)
      if (chars + text.length > FRAME_MAX_CHARS) flush()
      texts.push(text)
      chars += text.length
      if (scheduled) return
      scheduled = true
      setImmediate(flush)
    },
    flush,
    close() {
      closed = true
      texts = []
    },
  }
}
