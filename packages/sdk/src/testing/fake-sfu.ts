/** The server's side of a call by an SFU, as far as browsers see it, with peer connections that hold to the rules. */
import { ParleyError } from '@parley/protocol'
import type { MediaAsk, MediaTold, TrackSource } from '@parley/protocol/calls'
import type { SectionLike } from '../calls/media-port.ts'
import type { FakeMedia, FakePeer } from './fake-media.ts'

interface Sent {
  readonly mid: string
  readonly source: TrackSource
}

interface Seat {
  up: FakePeer | null
  down: FakePeer | null
  sent: readonly Sent[]
  /** What `down` carries, by user and source. */
  readonly carried: Map<string, { readonly user: string; readonly source: TrackSource; section: SectionLike }>
  offer: number
  waitsForAnswer: boolean
  again: boolean
}

const CONFIGURATION = { iceServers: [], relayOnly: false }

export class FakeSfu {
  /** Everything that was asked. */
  readonly asked: { readonly user: string; readonly ask: MediaAsk }[] = []
  /** What the next requests are refused with. */
  readonly refusals: ParleyError[] = []
  readonly #media: FakeMedia
  readonly #tell: (user: string, told: MediaTold) => void
  readonly #seats = new Map<string, Seat>()

  constructor(media: FakeMedia, tell: (user: string, told: MediaTold) => void) {
    this.#media = media
    this.#tell = tell
  }

  async ask(user: string, ask: MediaAsk): Promise<{ sdp?: string }> {
    this.asked.push({ user, ask })
    const refusal = this.refusals.shift()
    if (refusal !== undefined) throw refusal
    const seat = this.#seat(user)
    switch (ask.do) {
      case 'publish':
        return { sdp: await this.#publish(seat, ask) }
      case 'answer':
        if (seat.offer !== ask.offer) throw new ParleyError('conflict')
        await seat.down?.setRemoteDescription({ type: 'answer', sdp: ask.sdp })
        seat.waitsForAnswer = false
        if (seat.again) await this.#offer(user, seat)
        return {}
      case 'candidates':
        for (const candidate of ask.candidates)
          if (candidate !== null) await (ask.way === 'up' ? seat.up : seat.down)?.addCandidate(candidate)
        return {}
      case 'restart':
        seat.down?.restartIce()
        await this.#offer(user, seat)
        return {}
      case 'layers':
        return {}
    }
  }

  /** It has lost what it knew of this browser. */
  forget(user: string): void {
    const seat = this.#seat(user)
    seat.up?.close()
    seat.down?.close()
    this.#seats.delete(user)
    this.#tell(user, { told: 'gone' })
  }

  leave(user: string): void {
    this.#seat(user).up?.close()
    this.#seat(user).down?.close()
    this.#seats.delete(user)
    void this.#offerAll()
  }

  #seat(user: string): Seat {
    const known = this.#seats.get(user)
    if (known !== undefined) return known
    const seat: Seat = {
      up: null,
      down: null,
      sent: [],
      carried: new Map(),
      offer: 0,
      waitsForAnswer: false,
      again: false,
    }
    this.#seats.set(user, seat)
    return seat
  }

  #peer(): FakePeer {
    const events = { negotiationNeeded() {}, candidate() {}, stage() {}, track() {} }
    return this.#media.peer(CONFIGURATION, events, true)
  }

  async #publish(seat: Seat, { sdp, tracks }: Extract<MediaAsk, { do: 'publish' }>): Promise<string> {
    seat.up ??= this.#peer()
    await seat.up.setRemoteDescription({ type: 'offer', sdp })
    const answer = await seat.up.setLocalDescription()
    seat.sent = tracks
    void this.#offerAll()
    return answer.sdp ?? ''
  }

  async #offerAll(): Promise<void> {
    for (const [user, seat] of this.#seats) await this.#offer(user, seat)
  }

  async #offer(user: string, seat: Seat): Promise<void> {
    seat.again = seat.waitsForAnswer
    if (seat.waitsForAnswer) return
    const wanted = new Map<string, { user: string; source: TrackSource }>(
      [...this.#seats].flatMap(([other, { sent }]) =>
        other === user
          ? []
          : sent.map(({ source }) => [`${other} ${source}`, { user: other, source }] as const),
      ),
    )
    if (wanted.size === 0 && seat.down === null) return
    seat.down ??= this.#peer()
    for (const [key, { section }] of seat.carried)
      if (!wanted.has(key)) {
        section.send(null)
        seat.carried.delete(key)
      }
    for (const [key, one] of wanted) {
      if (seat.carried.has(key)) continue
      const kind = one.source === 'camera' || one.source === 'screen' ? 'video' : 'audio'
      seat.carried.set(key, { ...one, section: seat.down.addSection(this.#media.track(kind), []) })
    }
    seat.waitsForAnswer = true
    seat.offer++
    const { sdp = '' } = await seat.down.setLocalDescription()
    const tracks = [...seat.carried.values()].map(({ user, source, section }) => ({
      mid: section.mid ?? '',
      user,
      source,
    }))
    this.#tell(user, { told: 'offer', offer: seat.offer, sdp, tracks })
  }
}
