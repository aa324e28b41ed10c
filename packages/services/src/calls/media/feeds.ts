/** Who else sends in a room, and what: as far as one seat has been told. */
import type { MediaFeedTrack, MediaOffer, MediaPublisher, MediaTrack } from '@parley/contracts'
import type { TrackSource } from '@parley/protocol/calls'

export interface Feeds {
  put(publisher: MediaPublisher): void
  /** False when there was none. */
  delete(feed: string): boolean
  /** How many send. */
  count(): number
  userOf(feed: string): string | undefined
  whose(track: MediaFeedTrack): { user: string; source: TrackSource } | undefined
  tracks(): MediaFeedTrack[]
  /** What a browser is told of the sections of an offer. */
  name(tracks: MediaOffer['tracks']): { mid: string; user: string; source: TrackSource }[]
  /** Takes over what is asked for. What is told meanwhile is newer, and stays. */
  refresh(ask: () => Promise<Present>): Promise<void>
}

/** Who sends at this moment, and what each of them sends, as far as that was written down. */
export interface Present {
  readonly publishers: readonly Omit<MediaPublisher, 'tracks'>[]
  readonly tracks: ReadonlyMap<string, readonly MediaTrack[]>
}

export function createFeeds(): Feeds {
  const feeds = new Map<string, MediaPublisher>()

  function whose({ feed, feedMid }: MediaFeedTrack): { user: string; source: TrackSource } | undefined {
    const publisher = feeds.get(feed)
    const source = publisher?.tracks.find(({ mid }) => mid === feedMid)?.source
    return publisher === undefined || source === undefined ? undefined : { user: publisher.user, source }
  }

  return {
    put: (publisher) => void feeds.set(publisher.feed, publisher),
    delete: (feed) => feeds.delete(feed),
    count: () => feeds.size,
    userOf: (feed) => feeds.get(feed)?.user,
    whose,
    tracks: () =>
      [...feeds.values()].flatMap(({ feed, tracks }) => tracks.map(({ mid }) => ({ feed, feedMid: mid }))),
    name: (tracks) =>
      tracks.flatMap((track) => {
        const known = whose(track)
        return known === undefined ? [] : [{ mid: track.mid, ...known }]
      }),
    async refresh(ask) {
      const before = new Map(feeds)
      const { publishers, tracks } = await ask()
      for (const [feed, publisher] of before)
        if (feeds.get(feed) === publisher && !publishers.some((one) => one.feed === feed)) feeds.delete(feed)
      for (const one of publishers) {
        const told = feeds.get(one.feed)
        if (told === before.get(one.feed))
          feeds.set(one.feed, { ...one, tracks: tracks.get(one.feed) ?? told?.tracks ?? [] })
      }
    },
  }
}

export const hasTrack = (tracks: readonly MediaFeedTrack[], { feed, feedMid }: MediaFeedTrack): boolean =>
  tracks.some((one) => one.feed === feed && one.feedMid === feedMid)
