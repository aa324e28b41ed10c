/**
 * What somebody receives follows who sends. One offer at a time waits for the browser's answer; what changes meanwhile is
 * for the next one.
 */
import type { Log, MediaFeedTrack, MediaSeat, MediaWanted } from '@parley/contracts'
import type { MediaTold } from '@parley/protocol/calls'
import { type Feeds, hasTrack } from './feeds.ts'
import { LAYER_DEFAULT, layerOf } from './layers.ts'
import type { SeatCore } from './seat-core.ts'
import type { ToldOffer } from './seat-rows.ts'
import type { Turns } from './turns.ts'

/** An offer without an answer was lost, or its answer was: it is made again. */
export const OFFER_AGAIN_MS = 5_000
/** After the server did not do what was asked. */
const RETRY_MS = 1_000

export interface OffersParts {
  readonly core: SeatCore
  readonly feeds: Feeds
  readonly line: MediaSeat
  readonly log: Log
  readonly inTurn: Turns
  /** Whether it is known who sends. */
  readonly knows: () => boolean
  tell(told: MediaTold): void
}

export interface Offers {
  /** In turn: makes an offer where what is received is not what is sent. What goes wrong is tried again. */
  follow(): void
  /** Within a turn. */
  answer(sdp: string, offer: number): Promise<void>
  /** Within a turn: an offer with an ICE restart. */
  restart(): Promise<void>
  layerFor(track: MediaFeedTrack): number
}

export function createOffers({ core, feeds, line, log, inTurn, knows, tell }: OffersParts): Offers {
  let wantsRestart = false
  let cancelAgain: () => void = () => {}
  let cancelRetry: () => void = () => {}
  // Of the process before: it may have been lost.
  if (core.stored.waiting !== undefined) expectAnswer()

  function layerFor(track: MediaFeedTrack): number {
    const known = feeds.whose(track)
    return known === undefined ? LAYER_DEFAULT : layerOf(core.stored.layers, known)
  }

  /** Undefined: nothing has to change. */
  function want(): MediaWanted | undefined {
    const { received, told } = core.stored
    if (wantsRestart && received.length > 0) return { add: [], remove: [], restart: true }
    const sent = feeds.tracks()
    const add = sent.filter((track) => !hasTrack(received, track))
    const remove = received.filter((track) => !hasTrack(sent, track))
    // The same sections may carry something else now: a screen instead of a camera.
    const isRenamed = JSON.stringify(feeds.name(received)) !== JSON.stringify(told)
    if (add.length + remove.length === 0 && !isRenamed) return undefined
    return { add: add.map((track) => ({ ...track, layer: layerFor(track) })), remove }
  }

  async function make(): Promise<void> {
    if (core.isOver || !knows() || core.stored.waiting !== undefined) return
    const wanted = want()
    if (wanted === undefined) return
    const offer = await core.atServer(() => line.offer(wanted))
    wantsRestart = false
    if (offer === null) {
      const received = core.stored.received.filter((track) => !hasTrack(wanted.remove, track))
      return core.keep({ received, told: feeds.name(received) })
    }
    const number = core.stored.offers + 1
    const tracks = feeds.name(offer.tracks)
    const told: ToldOffer = { told: 'offer', offer: number, sdp: offer.sdp, tracks }
    await core.keep({
      received: offer.tracks,
      told: tracks,
      offers: number,
      waiting: { first: number, told },
    })
    propose(told)
  }

  function propose(told: ToldOffer): void {
    if (core.isOver) return
    tell(told)
    expectAnswer()
  }

  function expectAnswer(): void {
    cancelAgain()
    cancelAgain = core.after(OFFER_AGAIN_MS, () => void inTurn(proposeAgain))
  }

  /** With a number of its own: one that was lost on the way is not taken for one that was answered. */
  async function proposeAgain(): Promise<void> {
    const { waiting, offers } = core.stored
    if (core.isOver || waiting === undefined) return
    const told = { ...waiting.told, offer: offers + 1 }
    await core.keep({ offers: told.offer, waiting: { ...waiting, told } })
    propose(told)
  }

  function follow(): void {
    inTurn(make).catch((error: unknown) => {
      if (core.isOver) return
      log.debug({ error: String(error) }, 'a media server did not make an offer; trying again')
      cancelRetry()
      cancelRetry = core.after(RETRY_MS, follow)
    })
  }

  return {
    follow,
    layerFor,
    async answer(sdp, offer) {
      const { waiting, offers } = core.stored
      // Late, or doubled.
      if (waiting === undefined || offer < waiting.first || offer > offers) return
      await core.atServer(() => line.answer(sdp))
      cancelAgain()
      await core.keep({ waiting: undefined })
      follow()
    },
    async restart() {
      wantsRestart = true
      if (core.stored.waiting === undefined) await make()
      // The browser may have lost the one that waits; after its answer comes the restart.
      else await proposeAgain()
    },
  }
}
