/** Calls as a UI sees them. */
import type { CallMedia, CallShape } from '@parley/protocol/calls'
import type { Store } from '../api.ts'
import type { DeviceChoice, StreamLike } from './media-port.ts'

/** `failed`: several attempts failed; it is tried on. */
export type PeerState = 'connecting' | 'connected' | 'reconnecting' | 'failed'

/** What somebody sends: whether the microphone and the camera are on, and whether a screen is shown. */
export interface Sending {
  readonly sound: boolean
  readonly video: boolean
  readonly screen: boolean
}

/** Somebody else who is in the call. */
export interface CallPeer extends Sending {
  readonly user: string
  readonly state: PeerState
  /** Microphone and camera; null until something of it came. A `MediaStream` in browsers. */
  readonly camera: StreamLike | null
  readonly display: StreamLike | null
}

export interface LocalView extends Sending {
  readonly camera: StreamLike | null
  readonly display: StreamLike | null
}

/** The call that this tab is in. */
export interface CurrentCall {
  readonly call: CallShape
  /** `reconnecting`: without a connection to the server; media go on. */
  readonly status: 'joined' | 'reconnecting'
  readonly local: LocalView
  readonly peers: readonly CallPeer[]
}

export interface CallsState {
  /** Calls of my rooms that are not over, oldest first. */
  readonly calls: readonly CallShape[]
  /** Those that ring for me on all my devices. */
  readonly ringing: readonly CallShape[]
  readonly current: CurrentCall | null
}

/** A tab is in one call at most. What the person or the browser refuses rejects with the browser's own error. */
export interface Calls extends Store<CallsState> {
  /**
   * Asks for microphone (and camera), then calls the room; where it has a call, joins it. Rejects with `conflict` when one
   * is in a call or it is full, and with `forbidden`.
   */
  start(room: string, input: { readonly media: CallMedia }): Promise<void>
  /** Joins, with the camera off unless `video` says so; by default on in a call with pictures. Also moves it here from another device. */
  answer(call: string, input?: { readonly video?: boolean }): Promise<void>
  /** Ends the ringing on all my devices. */
  decline(call: string): Promise<void>
  /** Ends it here at once; rejects never. */
  leave(): Promise<void>
  setSound(on: boolean): void
  setVideo(on: boolean): Promise<void>
  setScreen(on: boolean): Promise<void>
  /** Changes to other devices without the others noticing. */
  setDevices(choice: DeviceChoice): Promise<void>
}
