/**
 * Text by key that may be forgotten at any time; nothing depends on it but speed.
 *
 * Order: a `set` may be seen late or never; what is read must prove by its own content that it is current. Errors:
 * none; an unreachable cache is an empty one, within milliseconds. Cost: one round trip a call.
 */
export interface Cache {
  /** Undefined when it is not there. */
  get(key: string): Promise<string | undefined>
  /** Kept for at most `ttlMs`. Fire and forget. */
  set(key: string, value: string, ttlMs: number): void
}

/** Remembers nothing. */
export const noCache: Cache = { get: async () => undefined, set() {} }
