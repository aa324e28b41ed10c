/** One seat that this process looks after. */
import type { MediaHeard, MediaTrack } from '@parley/contracts'
import type { MediaWay } from '@parley/protocol/calls'
import { createFeeds, type Present } from './feeds.ts'
import { type Layer, mergeLayers } from './layers.ts'
import { createOffers } from './offers.ts'
import { createSeatCore, type HeldSeatParts } from './seat-core.ts'
import type { SeatKey, StoredSeat } from './seat-rows.ts'
import { createTurns } from './turns.ts'

/** From the first of those who are expected to send: so long the others are waited for. */
const GATHER_MAX_MS = 1_500

export interface HeldSeat {
  readonly key: SeatKey
  readonly stored: StoredSeat
  hear(heard: MediaHeard): void
  publish(sdp: string, tracks: readonly MediaTrack[]): Promise<string | undefined>
  answer(sdp: string, offer: number): Promise<void>
  addCandidates(way: MediaWay, candidates: readonly unknown[]): Promise<void>
  setLayers(layers: readonly Layer[]): Promise<void>
  /** An offer with an ICE restart. */
  restart(): Promise<void>
  /** Asks who sends at this moment; `read`: what each of them sends, as it was written down. */
  catchUp(read: () => Promise<Present['tracks']>): Promise<void>
  /** Its connections live on. */
  release(): void
  close(): Promise<void>
}

export function createHeldSeat(parts: HeldSeatParts): HeldSeat {
  const { key, line, log, tell } = parts
  const core = createSeatCore(parts)
  const inTurn = createTurns()
  const feeds = createFeeds()
  let knows = !parts.resumed
  const offers = createOffers({ core, feeds, line, log, inTurn, tell, knows: () => knows })
  let isComplete = false
  let cancelGathering: (() => void) | undefined

  /** After a call has moved everybody comes at once, and each offer costs a browser a description of all it receives. */
  function follow(): void {
    isComplete ||= feeds.count() >= parts.expected
    if (!isComplete) cancelGathering ??= core.after(GATHER_MAX_MS, goOn)
    else goOn()
  }

  function goOn(): void {
    isComplete = true
    cancelGathering?.()
    offers.follow()
  }

  function note(heard: MediaHeard): void {
    if (heard.event === 'publisher') {
      feeds.put({ feed: heard.feed, user: heard.user, tracks: heard.tracks })
      follow()
    } else if (heard.event === 'unpublished') {
      if (feeds.delete(heard.feed)) follow()
    } else if (heard.event === 'speaking') {
      const user = heard.feed === line.feed ? key.user : feeds.userOf(heard.feed)
      if (user !== undefined) tell({ told: 'speaking', user, speaking: heard.speaking })
    } else if (heard.event === 'missed') parts.onMissed()
    else if (heard.event === 'doubt') parts.onDoubt()
    else core.lose()
  }

  return {
    key,
    get stored() {
      return core.stored
    },
    hear(heard) {
      if (!core.isOver) note(heard)
    },
    publish: (sdp, tracks) =>
      inTurn(async () => {
        // Written down before anybody is told: what is read there is never older than what was heard.
        await core.keep({ tracks })
        const answer = await core.atServer(() => line.publish(sdp, tracks))
        await core.keep({})
        return answer
      }),
    answer: (sdp, offer) => inTurn(() => offers.answer(sdp, offer)),
    addCandidates: (way, candidates) => core.atServer(() => line.addCandidates(way, candidates)),
    setLayers: (layers) =>
      inTurn(async () => {
        await core.keep({ layers: mergeLayers(core.stored.layers, layers) })
        const meant = core.stored.received.filter((track) => {
          const known = feeds.whose(track)
          return layers.some(({ user, source }) => user === known?.user && source === known.source)
        })
        const wished = meant.map((track) => ({ mid: track.mid, layer: offers.layerFor(track) }))
        if (wished.length > 0) await core.atServer(() => line.setLayers(wished))
      }),
    restart: () => inTurn(() => offers.restart()),
    async catchUp(read) {
      await feeds.refresh(async () => ({
        tracks: await read(),
        publishers: await core.atServer(() => line.publishers()),
      }))
      knows = true
      offers.follow()
    },
    release() {
      core.end()
      line.release()
    },
    close() {
      core.end()
      return line.close()
    },
  }
}
