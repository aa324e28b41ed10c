/**
 * One connection to Redis that heals itself: a fresh client each time, because only that way a frozen connection can
 * be given up (the library's own reconnection waits for the socket to fail, and its command timeouts end with the
 * write).
 */
import type { Clock } from '@parley/contracts'
import { createClient, ErrorReply } from '@redis/client'

/** How long a connection may take to be made and greeted. */
const CONNECT_TIMEOUT_MS = 1_000
/** How often each connection is looked at. */
const WATCH_INTERVAL_MS = 250
/** Looks without a single answer to what was asked, after which the connection counts as lost: a second. */
const SILENT_LOOKS_MAX = 4
/** Looks without any command, after which a ping asks. */
const IDLE_LOOKS_BEFORE_PING = 4
const BACKOFF_MIN_MS = 50
const BACKOFF_MAX_MS = 1_000
/** Beyond this many unanswered commands further ones are refused at once: memory stays bounded. */
export const UNANSWERED_COMMANDS_MAX = 20_000

export type RedisClient = ReturnType<typeof makeClient>

/** Redis is away, or did not answer in time: whether a command under way took effect is not known. */
export class RedisAway extends Error {
  constructor(cause?: unknown) {
    super('Redis is away', cause === undefined ? {} : { cause })
    this.name = 'RedisAway'
  }
}

export interface RedisLine {
  readonly connected: boolean
  /**
   * Runs a command on the present connection. Throws `RedisAway` at once when there is none, and about a second after
   * Redis stopped answering; other errors are Redis' own answers.
   */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>
  /** Redis pushed something, which is as good as an answer: a ping may be queued behind a flood of messages. */
  noteLife(): void
  /**
   * `prepare` runs on the present connection, at once, and on each later one before it counts as connected; if it
   * fails, the connection is given up.
   */
  onOpening(prepare: (client: RedisClient) => Promise<void>): void
  /** Told after each change of `connected`. */
  onChange(handler: (connected: boolean) => void): void
  /** Why there is no connection, or why there was none. */
  readonly failure: unknown
  /** Resolves when the first attempt has ended, either way. */
  readonly attempted: Promise<void>
  close(): void
}

function makeClient(url: string) {
  return createClient({
    url,
    // The watch ends what takes too long; a timer for each command would cost more than the command.
    commandOptions: { timeout: 0 },
    commandsQueueMaxLength: UNANSWERED_COMMANDS_MAX,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
  })
}

export function createRedisLine(url: string, clock: Clock, random: () => number): RedisLine {
  const preparations: ((client: RedisClient) => Promise<void>)[] = []
  const watchers: ((connected: boolean) => void)[] = []
  const attempted = Promise.withResolvers<void>()
  let current: Attempt | undefined
  let connected = false
  let closed = false
  let failures = 0
  let failure: unknown
  let cancelRetry = () => {}

  function open(): void {
    if (closed) return
    const attempt = startAttempt(url, clock, preparations, (error) => lose(attempt, error))
    current = attempt
    attempt.ready.then(
      () => {
        if (current !== attempt) return
        failures = 0
        change(true)
        attempted.resolve()
      },
      (error: unknown) => lose(attempt, error),
    )
  }

  function lose(attempt: Attempt, error?: unknown): void {
    if (current !== attempt) return
    current = undefined
    failure = error
    attempt.end()
    if (connected) change(false)
    attempted.resolve()
    if (closed) return
    const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures++, 10))
    // Many processes lose one Redis at the same moment; they need not come back at the same moment.
    cancelRetry = clock.after(ceilingMs * (0.5 + random() / 2), open)
  }

  function change(to: boolean): void {
    connected = to
    for (const watcher of watchers) watcher(to)
  }

  open()
  return {
    get connected() {
      return connected
    },
    get failure() {
      return failure
    },
    attempted: attempted.promise,
    async run(command) {
      if (!connected || current === undefined) throw new RedisAway()
      return current.run(command)
    },
    noteLife: () => current?.noteLife(),
    onOpening(prepare) {
      preparations.push(prepare)
      const attempt = current
      if (connected && attempt !== undefined)
        attempt.run(prepare).catch((error: unknown) => lose(attempt, error))
    },
    onChange: (handler) => void watchers.push(handler),
    close() {
      closed = true
      cancelRetry()
      const attempt = current
      if (attempt !== undefined) lose(attempt)
      attempted.resolve()
    },
  }
}

interface Attempt {
  /** Rejects when it could not be made in time. */
  readonly ready: Promise<void>
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>
  noteLife(): void
  end(): void
}

/** One connection from its making to its loss, of which `onLost` is told. */
function startAttempt(
  url: string,
  clock: Clock,
  preparations: readonly ((client: RedisClient) => Promise<void>)[],
  onLost: (error: unknown) => void,
): Attempt {
  const client = makeClient(url)
  const unanswered = new Set<() => void>()
  let answers = 0
  let ended = false
  let cancelWatch = () => {}
  let cancelConnect = () => {}
  // Without a listener an error event would end the process; the loss is told by `end` or by failing commands, too.
  client.on('error', onLost)
  client.on('end', () => onLost(new RedisAway()))
  client.on('terminated', onLost)

  async function run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    if (ended) throw new RedisAway()
    const lost = Promise.withResolvers<never>()
    const giveUp = () => lost.reject(new RedisAway())
    unanswered.add(giveUp)
    try {
      return await Promise.race([command(client), lost.promise])
    } catch (error) {
      throw isAnswer(error) ? error : new RedisAway(error)
    } finally {
      unanswered.delete(giveUp)
      answers++
    }
  }

  /**
   * Counted in looks and not in time, so that a stall of this very process does not look like a silent Redis: after a
   * stall one look comes, then what has arrived is read.
   */
  function watch(silentLooks: number, idleLooks: number, answersBefore: number): void {
    if (ended) return
    const silent = unanswered.size > 0 && answers === answersBefore ? silentLooks + 1 : 0
    if (silent > SILENT_LOOKS_MAX) {
      onLost(new RedisAway('it does not answer'))
      return
    }
    const idle = unanswered.size > 0 || answers !== answersBefore ? 0 : idleLooks + 1
    const answersNow = answers
    if (idle >= IDLE_LOOKS_BEFORE_PING) run((client) => client.ping()).catch(() => {})
    cancelWatch = clock.after(WATCH_INTERVAL_MS, () => watch(silent, idle, answersNow))
  }

  async function open(): Promise<void> {
    const tooLate = Promise.withResolvers<never>()
    cancelConnect = clock.after(CONNECT_TIMEOUT_MS, () => tooLate.reject(new RedisAway('it does not answer')))
    await Promise.race([client.connect(), tooLate.promise])
    cancelConnect()
    watch(0, 0, 0)
    for (const prepare of preparations) await run(prepare)
    if (ended) throw new RedisAway()
  }

  return {
    ready: open(),
    run,
    noteLife: () => void answers++,
    end() {
      ended = true
      cancelWatch()
      cancelConnect()
      client.destroy()
      for (const giveUp of unanswered) giveUp()
    },
  }
}

/** What Redis answers while it starts, fails over, is full or runs a script too long: there, but not for us. */
const NOT_NOW = /^(LOADING|MASTERDOWN|READONLY|BUSY|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|NOREPLICAS)\b/

/** An error that says something about the command, not about Redis. */
function isAnswer(error: unknown): boolean {
  return error instanceof ErrorReply && !NOT_NOW.test(error.message)
}
