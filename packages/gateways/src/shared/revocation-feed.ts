/**
 * Follows what auth revokes: all of it at the start, then every half second, and at once when the bus says that
 * something happened. The bus may lose its hint, the poll does not.
 */
import {
  type AuthService,
  type Bus,
  type Clock,
  type Log,
  REVOCATIONS_TOPIC,
  type Revocation,
  revocation,
} from '@parley/contracts'

export const POLL_MS = 500
/** After this long without an answer one does not know who has been signed out. */
export const STALE_AFTER_MS = 5_000
/** A day, the longest token, and more than clocks differ: what is older concerns no token that is still valid. */
const REMEMBER_MS = 25 * 3_600_000
const FORGET_EVERY_MS = 600_000

export interface RevocationFeed {
  /** Resolves when every revocation is known and new ones are followed; throws what auth throws. */
  start(): Promise<void>
  isRevoked(device: string): boolean
  onRevoked(handler: (revocation: Revocation) => void): () => void
  readonly fresh: boolean
  /** Since the last answer; infinite before the first. */
  readonly ageMs: number
  close(): void
}

export function createRevocationFeed(deps: {
  auth: Pick<AuthService, 'revocations'>
  bus: Bus
  clock: Clock
  log: Log
  /** Runs after each poll that succeeded. */
  afterPoll: () => Promise<void>
}): RevocationFeed {
  const { auth, bus, clock, log } = deps
  const revoked = createRevokedSet(clock, log)
  let position = 0
  let answeredAtMs = Number.NEGATIVE_INFINITY
  let polling = false
  let hinted = false
  let closed = false
  let failing = false
  let cancelTimer = () => {}
  let endings: (() => void)[] = []

  async function read(tell: boolean): Promise<void> {
    for (;;) {
      // The answer is at least as young as the question.
      const askedAtMs = clock.now()
      const { revocations } = await auth.revocations({ after: position })
      const last = revocations.at(-1)
      if (last === undefined) {
        answeredAtMs = askedAtMs
        return
      }
      // Not the greatest: after a restored backup ids start again below the position.
      position = last.id
      for (const revocation of revocations) revoked.learn(revocation, tell)
    }
  }

  async function poll(): Promise<void> {
    hinted = true
    if (polling || closed) return
    cancelTimer()
    polling = true
    try {
      while (hinted && !closed) {
        hinted = false
        await read(true)
      }
      revoked.forget()
      await deps.afterPoll()
      if (failing) log.info({}, 'revocations are followed again')
      failing = false
    } catch (error) {
      // Once per outage, or the log would fill at two lines a second.
      if (!failing && !closed) log.warn({ error }, 'revocations cannot be followed')
      failing = true
    }
    polling = false
    schedule()
  }

  function schedule(): void {
    if (!closed) cancelTimer = clock.after(POLL_MS, () => void poll())
  }

  return {
    async start() {
      const unsubscribe = await bus.subscribe(REVOCATIONS_TOPIC, (message) => {
        // Believed at once: while the poll was under way, a token was still good after its logout was answered.
        const hint = revocation.safeParse(parseJson(message))
        if (hint.success) revoked.learn(hint.data, true)
        void poll()
      })
      endings = [unsubscribe, bus.onReconnect(() => void poll())]
      polling = true
      await read(false).finally(() => {
        polling = false
      })
      schedule()
    },
    isRevoked: revoked.has,
    onRevoked: revoked.onLearned,
    get fresh() {
      return clock.now() - answeredAtMs <= STALE_AFTER_MS
    },
    get ageMs() {
      return clock.now() - answeredAtMs
    },
    close() {
      closed = true
      cancelTimer()
      for (const end of endings) end()
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What was revoked, and who wants to hear of it. */
function createRevokedSet(clock: Clock, log: Log) {
  /** With the moment it was learned. */
  const known = new Map<string, number>()
  const handlers = new Set<(revocation: Revocation) => void>()
  let forgotAtMs = clock.now()

  return {
    has: (device: string) => known.has(`device ${device}`),
    learn(revocation: Revocation, tell: boolean): void {
      const key = keyOf(revocation)
      if (known.has(key)) return
      known.set(key, clock.now())
      if (!tell) return
      for (const handler of handlers) {
        try {
          handler(revocation)
        } catch (error) {
          // The others must hear it all the same.
          log.error({ error, revocation }, 'a revocation was not carried out')
        }
      }
    },
    forget(): void {
      const now = clock.now()
      if (now - forgotAtMs < FORGET_EVERY_MS) return
      forgotAtMs = now
      for (const [key, learnedAtMs] of known) if (now - learnedAtMs > REMEMBER_MS) known.delete(key)
    },
    onLearned(handler: (revocation: Revocation) => void): () => void {
      // One of its own, so that a handler registered twice is called twice and ends once.
      const own = (revocation: Revocation) => handler(revocation)
      handlers.add(own)
      return () => handlers.delete(own)
    },
  }
}

/** A device ends once and for all; a user may be barred, let back in and barred again. */
function keyOf({ kind, subject, at }: Revocation): string {
  return kind === 'device' ? `device ${subject}` : `user ${subject} ${at}`
}
