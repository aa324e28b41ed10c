/** How sound and pictures travel in a call: the same for whoever uses it, by a mesh or by an SFU. */
import type { CallShape, MediaAsk, MediaTold } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'
import type { CallPeer, TileSize } from './call-types.ts'
import type { IceServers } from './ice-servers.ts'
import type { LocalMedia } from './local-media.ts'
import type { MediaPort, PeerConfiguration } from './media-port.ts'

/** What somebody says of what they send; `display` is the id of the stream that shows the screen. */
export interface Told {
  readonly sound: boolean
  readonly video: boolean
  readonly display: string | null
}

export interface TransportParts {
  readonly clock: Clock
  readonly port: MediaPort
  readonly me: string
  readonly endpoint: string
  readonly generation: number
  readonly local: LocalMedia
  readonly ice: IceServers
  readonly relayOnly: boolean
  /** Grows with every line, also over reloads of this endpoint; begins at 1. */
  readonly newSession: () => number
  /** May lose it. */
  readonly signal: (to: string, data: string) => void
  /** Of the SFU. Rejects with `ParleyError`. */
  readonly ask: (ask: MediaAsk) => Promise<{ readonly sdp?: string | undefined }>
  readonly changed: () => void
  /** Nothing comes any more from where something should: the network may be another one now. */
  readonly still: () => void
}

export interface Transport {
  /** Who is in the call now. */
  update(call: CallShape): void
  /** A signal of somebody. False: it is of somebody that nothing is known of yet. */
  hear(from: string, data: string): boolean
  /** News of the SFU. */
  take(told: MediaTold): void
  /** Sends what this tab has to send now. */
  sync(): void
  setTile(user: string, of: 'camera' | 'display', size: TileSize): void
  peers(): readonly CallPeer[]
  /** Looks who speaks; some times a second. */
  listen(): void
  /** Looks how well everybody is received; every few seconds. Never rejects. */
  measure(): Promise<void>
  /** How loud this tab is for the others, 0 to 1. Never rejects. */
  saying(): Promise<number>
  /** The network may be another one now. */
  wake(): void
  close(): void
}

export const configurationOf = ({
  ice,
  relayOnly,
}: Pick<TransportParts, 'ice' | 'relayOnly'>): PeerConfiguration => ({ iceServers: ice.present, relayOnly })

export function toldOf(local: LocalMedia): Told {
  const { sound, video, display } = local.view()
  return { sound, video, display: display?.id ?? null }
}

/** The others, and where they are. */
export function othersIn({ participants, ended_at }: CallShape, me: string): Map<string, string> {
  const there = new Map<string, string>()
  for (const { user, standing, endpoint } of ended_at === undefined ? participants : [])
    if (standing === 'joined' && endpoint !== undefined && user !== me) there.set(user, endpoint)
  return there
}
