/** Calls as a UI sees them. */
import type { CallMedia, CallShape, IceServer, MediaServers } from '@parley/protocol/calls'
import type { Store } from '../api.ts'
import type { StreamLike } from './media-port.ts'

/** `failed`: several attempts failed; it is tried on. */
export type PeerState = 'connecting' | 'connected' | 'reconnecting' | 'failed'

/** By loss, delay and what arrives; `unknown` for the first seconds. */
export type Quality = 'unknown' | 'good' | 'fair' | 'poor'

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
  readonly quality: Quality
  readonly speaking: boolean
  /** Microphone and camera; null until something of it came. A `MediaStream` in browsers. */
  readonly camera: StreamLike | null
  readonly display: StreamLike | null
}

export interface LocalView extends Sending {
  readonly camera: StreamLike | null
  readonly display: StreamLike | null
  readonly speaking: boolean
  /** The server let this tab in without pictures: neither camera nor screen can be switched on. */
  readonly soundOnly: boolean
}

/** The call that this tab is in. */
export interface CurrentCall {
  readonly call: CallShape
  /** `reconnecting`: without a connection to the server; media go on. */
  readonly status: 'joined' | 'reconnecting'
  readonly local: LocalView
  readonly peers: readonly CallPeer[]
  /** The user who spoke last, for the stage; null until somebody did. */
  readonly speaker: string | null
}

export interface CallsState {
  /** Calls of my rooms that are not over, oldest first. */
  readonly calls: readonly CallShape[]
  /** Those that ring for me on all my devices. */
  readonly ringing: readonly CallShape[]
  readonly current: CurrentCall | null
  /** A call is being entered: devices are asked for, the server is asked. */
  readonly entering: { readonly room: string | null } | null
}

/** How a tile is shown, so that no more is received than is seen. */
export type TileSize = 'small' | 'middle' | 'large'

/** Kept by whoever uses the SDK; those of the present call change at once. */
export interface CallPreferences {
  /** Ids of devices; the browser chooses where they are left out. */
  readonly microphone?: string
  readonly camera?: string
  readonly noiseSuppression: boolean
  /** Through a relay (TURN) only, so that the others do not see this device's address. From the next call on. */
  readonly relayOnly: boolean
}

export interface EnterInput {
  /** Begins with the microphone off; without one where `stream` has none. */
  readonly muted?: boolean
  /** Whether the camera is on; in a call with pictures by default. */
  readonly video?: boolean
  /**
   * Microphone (and camera) that are open already, from a preview. Once in the call the SDK stops them at its end; if that
   * fails they stay as they are.
   */
  readonly stream?: StreamLike
}

/** A tab is in one call at most. What the person or the browser refuses rejects with the browser's own error. */
export interface Calls extends Store<CallsState> {
  /** Whether this browser can call at all: WebRTC is there, and the page is on localhost or under TLS. */
  readonly supported: boolean
  /**
   * Asks for microphone (and camera), then calls the room; where it has a call, joins it. Rejects with `conflict` when one
   * is in a call or it is full, and with `forbidden`.
   */
  start(room: string, input: EnterInput & { readonly media: CallMedia }): Promise<void>
  /** Joins. Also moves the call here from another device. */
  answer(call: string, input?: EnterInput): Promise<void>
  /** Ends the ringing on all my devices. */
  decline(call: string): Promise<void>
  /** Ends it here at once; rejects never. */
  leave(): Promise<void>
  /** Opens a microphone where there is none yet; rejects as the browser does. */
  setSound(on: boolean): Promise<void>
  setVideo(on: boolean): Promise<void>
  setScreen(on: boolean): Promise<void>
  setPreferences(preferences: CallPreferences): Promise<void>
  /** How large the pictures of a person are shown now. */
  setTile(user: string, of: 'camera' | 'display', size: TileSize): void
  /** For the self-test: fresh credentials for STUN and TURN, and how many SFUs there are and are up. */
  server(): Promise<{ readonly ice_servers: readonly IceServer[]; readonly media_servers: MediaServers }>
}
