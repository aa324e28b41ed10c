/** Which media servers are up, and which of them a call goes to. */
import { type Clock, type Log, type MediaServer, MediaServerAway } from '@parley/contracts'
import { type Repeated, repeat } from '../../shared/repeat.ts'

/** Between two looks at a server. */
export const CHECK_INTERVAL_MS = 1_000
/** After one that was not answered. */
const AGAIN_INTERVAL_MS = 250
/** A server that is silent so often is away; one that refuses the connection at once. */
export const MISSES_MAX = 2
/** A call that was placed counts as so many people … */
const PLACED_PEOPLE = 4
/** … until they are there and counted themselves. */
const PLACED_MS = 10_000

export interface MediaPlacement {
  /** Begins to look at them; `onAway` is told of each that stops answering. */
  start(onAway?: () => void): void
  close(): void
  counts(): { configured: number; up: number }
  /** The least loaded of those that answer. */
  choose(): MediaServer | null
  /** A call goes there now. */
  take(name: string): void
  /** Somebody found it silent: it is looked at now. */
  doubt(name: string): void
  byName(name: string): MediaServer | undefined
  /** Not known to be away: true also before the first look at it. False for one that is not configured. */
  isUp(name: string): boolean
}

export interface MediaPlacementDependencies {
  readonly servers: readonly MediaServer[]
  readonly clock: Clock
  readonly log: Log
}

interface Watched {
  readonly server: MediaServer
  readonly work: Repeated
  state: 'unknown' | 'up' | 'away'
  misses: number
  people: number
  /** When calls were placed there. */
  placed: number[]
}

export function createMediaPlacement({ servers, clock, log }: MediaPlacementDependencies): MediaPlacement {
  let tellAway: () => void = () => {}
  const watched = servers.map((server): Watched => {
    const one: Watched = {
      server,
      work: repeat(clock, () => look(one)),
      state: 'unknown',
      misses: 0,
      people: 0,
      placed: [],
    }
    return one
  })

  async function look(one: Watched): Promise<number> {
    const since = clock.now()
    try {
      one.people = (await one.server.check()).people
      one.misses = 0
      stand(one, 'up')
    } catch (error) {
      one.misses++
      const certain = error instanceof MediaServerAway && error.certain
      if (certain || one.misses >= MISSES_MAX) stand(one, 'away', error)
      else return AGAIN_INTERVAL_MS
    }
    return Math.max(0, CHECK_INTERVAL_MS - (clock.now() - since))
  }

  function stand(one: Watched, state: 'up' | 'away', error?: unknown): void {
    const before = one.state
    one.state = state
    if (before === state) return
    const server = one.server.name
    if (state === 'away') {
      log.warn({ server, reason: reasonOf(error) }, 'a media server does not answer')
      tellAway()
    } else if (before === 'away') log.info({ server }, 'a media server answers again')
  }

  function load(one: Watched): number {
    one.placed = one.placed.filter((at) => at > clock.now() - PLACED_MS)
    return one.people + PLACED_PEOPLE * one.placed.length
  }

  const find = (name: string): Watched | undefined => watched.find(({ server }) => server.name === name)
  const up = (): Watched[] => watched.filter(({ state }) => state === 'up')

  return {
    start(onAway = () => {}) {
      tellAway = onAway
      for (const { work } of watched) work.start()
    },
    close() {
      for (const { work } of watched) void work.close()
    },
    counts: () => ({ configured: watched.length, up: up().length }),
    choose() {
      const [best] = up().sort((a, b) => load(a) - load(b))
      return best?.server ?? null
    },
    take(name) {
      find(name)?.placed.push(clock.now())
    },
    doubt: (name) => find(name)?.work.hurry(),
    byName: (name) => find(name)?.server,
    isUp(name) {
      const one = find(name)
      return one !== undefined && one.state !== 'away'
    },
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
