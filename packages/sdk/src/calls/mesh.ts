/** Everybody in the call sends to everybody else. Loaded when a call is joined, not before. */
import { type CallShape, MESH_MAX_USERS } from '@parley/protocol/calls'
import type { Clock } from '../clock.ts'
import type { CallPeer, LocalView } from './call-types.ts'
import { LocalMedia } from './local-media.ts'
import type { DeviceChoice, MediaPort } from './media-port.ts'
import { PeerLink } from './peer-link.ts'
import { type Packet, readPacket, SignalLine } from './signal-line.ts'

export interface MeshParts {
  readonly clock: Clock
  readonly media: MediaPort
  readonly me: string
  readonly endpoint: string
  /** Grows with every call, also over reloads of this endpoint; begins at 1. */
  readonly newSession: () => number
  /** May lose it. */
  readonly signal: (to: string, data: string) => void
  readonly changed: () => void
}

export interface Mesh {
  /** Microphone and camera. Rejects as `getUserMedia` does. */
  open(video: boolean): Promise<void>
  /** Who is in the call now. */
  update(call: CallShape): void
  /** A signal of somebody. */
  take(from: string, data: string): void
  setSound(on: boolean): void
  setVideo(on: boolean): Promise<void>
  setScreen(on: boolean): Promise<void>
  setDevices(choice: DeviceChoice): Promise<void>
  local(): LocalView
  peers(): readonly CallPeer[]
  close(): void
}

export const createMesh = (parts: MeshParts): Mesh => new MeshOfLinks(parts)

interface Held {
  readonly endpoint: string
  readonly line: SignalLine
  readonly link: PeerLink
}

class MeshOfLinks implements Mesh {
  readonly #parts: MeshParts
  readonly #local: LocalMedia
  readonly #held = new Map<string, Held>()
  #closed = false

  constructor(parts: MeshParts) {
    this.#parts = parts
    this.#local = new LocalMedia(parts.media, () => {
      for (const { link } of this.#held.values()) this.#sync(link)
      this.#changed()
    })
  }

  open(video: boolean): Promise<void> {
    return this.#local.open(video)
  }

  update({ participants, media, ended_at }: CallShape): void {
    if (this.#closed) return
    const there = new Map<string, string>()
    for (const { user, standing, endpoint } of ended_at === undefined ? participants : [])
      if (standing === 'joined' && endpoint !== undefined && user !== this.#parts.me)
        there.set(user, endpoint)
    for (const [user, held] of this.#held) if (there.get(user) !== held.endpoint) this.#drop(user)
    for (const [user, endpoint] of there) {
      if (this.#held.has(user)) continue
      // Who is one too many finds nobody; the server should not have let them in.
      if (this.#held.size >= MESH_MAX_USERS[media] - 1) break
      this.#connect(user, endpoint)
    }
    this.#changed()
  }

  take(from: string, data: string): void {
    const packet = readPacket(data)
    if (packet !== null && !this.#closed) this.#held.get(from)?.line.take(packet)
  }

  setSound(on: boolean): void {
    this.#local.setSound(on)
  }

  setVideo(on: boolean): Promise<void> {
    return this.#local.setVideo(on)
  }

  setScreen(on: boolean): Promise<void> {
    return this.#local.setScreen(on)
  }

  setDevices(choice: DeviceChoice): Promise<void> {
    return this.#local.setDevices(choice)
  }

  local(): LocalView {
    return this.#local.view()
  }

  peers(): readonly CallPeer[] {
    return [...this.#held.values()].map(({ link }) => link.view())
  }

  close(): void {
    this.#closed = true
    for (const user of [...this.#held.keys()]) this.#drop(user)
    this.#local.close()
  }

  #connect(user: string, endpoint: string, known?: { session: number; theirSession: number }): Held {
    const { clock, media, me, endpoint: mine, newSession, signal } = this.#parts
    const session = known?.session ?? newSession()
    const line = new SignalLine({
      clock,
      mine,
      theirs: endpoint,
      session,
      ...(known === undefined ? {} : { theirSession: known.theirSession }),
      send: (packet) => signal(user, JSON.stringify(packet)),
      deliver: (body) => held.link.take(body),
      restarted: (packet) => this.#reconnect(user, endpoint, session, packet),
    })
    const link = new PeerLink({
      clock,
      media,
      user,
      polite: me > user,
      line,
      changed: () => this.#changed(),
    })
    const held: Held = { endpoint, line, link }
    this.#held.set(user, held)
    this.#sync(link)
    return held
  }

  /** A reload there: its peer connection is a new one, and so must be this one. */
  #reconnect(user: string, endpoint: string, session: number, packet: Packet): void {
    this.#drop(user)
    const { line } = this.#connect(user, endpoint, { session, theirSession: packet.session })
    line.take(packet)
    this.#changed()
  }

  #drop(user: string): void {
    this.#held.get(user)?.link.close()
    this.#held.delete(user)
  }

  #sync(link: PeerLink): void {
    const { sound, video, display } = this.#local.view()
    link.sync(this.#local.outgoing(), { sound, video, display: display?.id ?? null })
  }

  #changed(): void {
    if (!this.#closed) this.#parts.changed()
  }
}
