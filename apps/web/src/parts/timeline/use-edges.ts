import type { Timeline } from '@parley/sdk/api'
import { useEffect, useMemo } from 'react'

/** After a page there is a breath before the next one of that side: a fling is not a flood. */
const breathMs = 150
/** A page that brought nothing (no connection) is tried again after this. */
const retryMs = 3_000

export interface Edges {
  /** Asks for older messages, unless some are on their way. */
  older(): void
  newer(): void
}

interface Loader {
  run(): void
  end(): void
}

function createLoader(load: () => Promise<void>, edge: () => string | undefined, again: () => void): Loader {
  let busy = false
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    run() {
      if (busy) return
      busy = true
      const before = edge()
      const rest = () => {
        const ms = edge() === before ? retryMs : breathMs
        timer = setTimeout(() => {
          busy = false
          again()
        }, ms)
      }
      load().then(rest, rest)
    },
    end() {
      clearTimeout(timer)
      busy = false
    },
  }
}

/** One page at a time from each side of the window; `again` is called when the next may be asked for. */
export function useEdges(timeline: Timeline, again: () => void): Edges {
  const loaders = useMemo(
    () => ({
      older: createLoader(
        () => timeline.loadOlder(),
        () => timeline.get().items[0]?.key,
        again,
      ),
      newer: createLoader(
        () => timeline.loadNewer(),
        () => timeline.get().items.at(-1)?.key,
        again,
      ),
    }),
    [timeline, again],
  )
  useEffect(
    () => () => {
      loaders.older.end()
      loaders.newer.end()
    },
    [loaders],
  )
  return useMemo(() => ({ older: loaders.older.run, newer: loaders.newer.run }), [loaders])
}
