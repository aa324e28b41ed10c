/**
 * One media server (SFU): everybody in a call sends to it, and it passes on to the others.
 *
 * Order: what one asks of one seat is done in the order in which it was asked, if each waits for the one before; what is
 * told comes in the order in which it happened. Loss: what is told may be lost while nobody listens; `missed` says so, and
 * `publishers` repairs it. Errors: `MediaServerAway` where it does not answer, `MediaSeatGone` where it does not know the
 * seat any more, `invalid_request` for a description that it cannot read, `conflict` where the room is full. Cost: each
 * takes one or two short requests, bounded at a few seconds. Media never pass through the caller.
 */
import { ParleyError } from '@parley/protocol'
import type { TrackSource } from '@parley/protocol/calls'

/** One call on it, as whoever made it named it; who has not the secret cannot get in. */
export interface MediaRoom {
  readonly room: string
  readonly secret: string
}

/** `mid`: the section of the description it travels in. */
export interface MediaTrack {
  readonly mid: string
  readonly source: TrackSource
}

/** Somebody who sends. `feed`: of one seat, new after every reconnection. */
export interface MediaPublisher {
  readonly feed: string
  readonly user: string
  readonly tracks: readonly MediaTrack[]
}

/** One track of a publisher. */
export interface MediaFeedTrack {
  readonly feed: string
  /** As its publisher named it. */
  readonly feedMid: string
}

/** A description for who receives, and what each of its sections carries; a section that is not named carries nothing. */
export interface MediaOffer {
  readonly sdp: string
  readonly tracks: readonly (MediaFeedTrack & { readonly mid: string })[]
}

export interface MediaWanted {
  /** `layer`: 0 small, 1 middle, 2 large, where its publisher sends several. */
  readonly add: readonly (MediaFeedTrack & { readonly layer: number })[]
  readonly remove: readonly MediaFeedTrack[]
  /** With an ICE restart. */
  readonly restart?: boolean
}

export type MediaHeard =
  /** Sends now, or sends something else than before; `tracks` is all of it. */
  | ({ readonly event: 'publisher' } & MediaPublisher)
  | { readonly event: 'unpublished'; readonly feed: string }
  | { readonly event: 'speaking'; readonly feed: string; readonly speaking: boolean }
  /** Some of the above may have been lost. */
  | { readonly event: 'missed' }
  /** The server broke off, or is silent: whether it is away only `check` says. */
  | { readonly event: 'doubt' }
  /** The seat or one of its connections is over; nothing more is told. */
  | { readonly event: 'gone' }

/** Somebody's place in a room: one connection that sends, one that receives. */
export interface MediaSeat {
  /** What `resumeSeat` takes, also in another process: text without a meaning of its own. Grows at the first `offer`. */
  readonly state: string
  /** Its own, once it has published. */
  readonly feed: string | undefined
  /** Answers an offer with an answer. Without a section (`m=`) it is only there to receive, and nothing is answered. */
  publish(sdp: string, tracks: readonly MediaTrack[]): Promise<string | undefined>
  /** Changes what is received. Null where that needs no new description. Not while an offer waits for its answer. */
  offer(wanted: MediaWanted): Promise<MediaOffer | null>
  answer(sdp: string): Promise<void>
  /** As browsers give them; null: there are no more. */
  addCandidates(way: 'up' | 'down', candidates: readonly unknown[]): Promise<void>
  /** By sections of the last offer. */
  setLayers(layers: readonly { readonly mid: string; readonly layer: number }[]): Promise<void>
  /** Who sends at this moment. */
  publishers(): Promise<Omit<MediaPublisher, 'tracks'>[]>
  /** Listens no more; its connections live on for a minute, in which another process may resume it. */
  release(): void
  /** Ends its connections. Never throws: what cannot be reached ends by itself within a minute. */
  close(): Promise<void>
}

export interface MediaServer {
  /** The same in every process, and after a restart. */
  readonly name: string
  /** Within a second: whether it does its work, and for how many people. */
  check(): Promise<{ people: number }>
  /** One that there is already is left as it is. */
  createRoom(room: MediaRoom): Promise<void>
  /** With everybody in it. One that there is not is no error. */
  destroyRoom(room: MediaRoom): Promise<void>
  /** In a room that there is. */
  openSeat(room: MediaRoom, user: string, hear: (heard: MediaHeard) => void): Promise<MediaSeat>
  /** Goes on with a seat by its `state`; whether it still lives shows at the first request, or is told. */
  resumeSeat(room: MediaRoom, state: string, hear: (heard: MediaHeard) => void): MediaSeat
  /** Its seats are released before. */
  close(): void
}

/** `certain`: nobody listens there, or it is another server; otherwise it was silent for too long. */
export class MediaServerAway extends ParleyError {
  readonly certain: boolean

  constructor(reason: string, certain: boolean) {
    super('unavailable', {
      message: 'The server for sound and pictures does not answer; try again shortly.',
      cause: new Error(reason),
    })
    this.certain = certain
  }
}

/** It does not know the seat: it was restarted, or nobody was there for too long. */
export class MediaSeatGone extends ParleyError {
  constructor() {
    super('conflict', { message: 'Sound and pictures have to be connected anew.' })
  }
}
