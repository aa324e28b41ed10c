/** What every implementation of `MediaServer` must do, as far as it shows without media: nothing here connects. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type MediaHeard,
  type MediaRoom,
  type MediaSeat,
  MediaSeatGone,
  type MediaServer,
  MediaServerAway,
  type MediaTrack,
} from '../ports/media-server.ts'

export interface MediaServerBench {
  readonly server: MediaServer
  /** The same one, as another process sees it. */
  another(): MediaServer
  /** It comes back and knows nothing of what was. */
  restart(): Promise<void>
  kill(): Promise<void>
}

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':')
const BOTH: MediaTrack[] = [
  { mid: '0', source: 'microphone' },
  { mid: '1', source: 'camera' },
]

/** As a browser's, with these sections. */
export function describeOffer(sections: readonly ('audio' | 'video')[], version = 2, session = 4611): string {
  const transport = [
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:abcdefghijklmnopqrstuvwx',
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    'a=setup:actpass',
    'a=rtcp-mux',
    'a=sendonly',
  ]
  return [
    'v=0',
    `o=- ${session} ${version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${sections.map((_, n) => n).join(' ')}`,
    ...sections.flatMap((kind, n) => {
      const type = kind === 'audio' ? '111' : '96'
      const codec = kind === 'audio' ? 'opus/48000/2' : 'VP8/90000'
      return [
        `m=${kind} 9 UDP/TLS/RTP/SAVPF ${type}`,
        ...transport,
        `a=mid:${n}`,
        `a=rtpmap:${type} ${codec}`,
      ]
    }),
    '',
  ].join('\r\n')
}

const ufragOf = (sdp: string): string | undefined => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]

export function describeMediaServer(name: string, create: () => Promise<MediaServerBench>): void {
  describe(`the media server: ${name}`, () => {
    let bench: MediaServerBench
    let rooms = 0
    let room: MediaRoom
    const seats: MediaSeat[] = []
    beforeEach(async () => {
      bench ??= await create()
      room = { room: `room ${++rooms}`, secret: `secret ${rooms}` }
    })
    afterEach(async () => {
      await Promise.all(seats.splice(0).map((seat) => seat.close()))
    })

    async function sit(user: string, where = room) {
      const heard: MediaHeard[] = []
      const seat = await bench.server.openSeat(where, user, (one) => heard.push(one))
      seats.push(seat)
      return { seat, heard }
    }

    it('makes a room once and ends it once, however often it is asked', async () => {
      const { server } = bench
      await server.createRoom(room)
      await server.createRoom(room)
      const { seat, heard } = await sit('ann')
      await seat.publish(describeOffer(['audio']), BOTH.slice(0, 1))
      expect(await server.check()).toEqual({ people: 1 })
      await server.destroyRoom(room)
      await server.destroyRoom(room)
      await vi.waitFor(() => expect(heard).toContainEqual({ event: 'gone' }))
      expect(await server.check()).toEqual({ people: 0 })
    })

    it('answers what somebody sends, and again when that changes', async () => {
      await bench.server.createRoom(room)
      const { seat } = await sit('ann')
      expect(seat.feed).toBeUndefined()
      const first = await seat.publish(describeOffer(['audio']), BOTH.slice(0, 1))
      expect(first?.match(/^m=audio [1-9]/gm)).toHaveLength(1)
      const { feed } = seat
      expect(feed).toBeDefined()
      const second = await seat.publish(describeOffer(['audio', 'video'], 3), BOTH)
      expect(second?.match(/^m=(audio|video) [1-9]/gm)).toHaveLength(2)
      expect([seat.feed, ufragOf(second ?? '')]).toEqual([feed, ufragOf(first ?? '')])
      await seat.addCandidates('up', [{ candidate: '', sdpMid: '0', sdpMLineIndex: 0 }, 'no candidate', null])
    })

    it('lets nobody in without the secret, and nobody into a room that there is not', async () => {
      await bench.server.createRoom(room)
      const offer = describeOffer(['audio'])
      for (const where of [
        { ...room, secret: 'guessed' },
        { ...room, room: 'elsewhere' },
      ]) {
        const { seat } = await sit('eve', where)
        await expect(seat.publish(offer, BOTH.slice(0, 1))).rejects.toThrow()
        expect(seat.feed).toBeUndefined()
      }
      await expect(bench.server.destroyRoom({ ...room, secret: 'guessed' })).rejects.toThrow(MediaServerAway)
    })

    it('says that a description is none', async () => {
      await bench.server.createRoom(room)
      const { seat } = await sit('ann')
      const data = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n'
      for (const sdp of ['v=0\r\nm=nonsense\r\n', `${describeOffer(['audio'])}${data}`])
        await expect(seat.publish(sdp, BOTH)).rejects.toMatchObject({ code: 'invalid_request' })
    })

    it('offers nothing of somebody who is not there', async () => {
      await bench.server.createRoom(room)
      const { seat } = await sit('bob')
      await seat.publish('', [])
      expect(await seat.offer({ add: [{ feed: '12345', feedMid: '0', layer: 1 }], remove: [] })).toBeNull()
      expect(await seat.publishers()).toEqual([])
    })

    it('goes on with a seat in another process, and the seat ends with its room', async () => {
      await bench.server.createRoom(room)
      const { seat, heard } = await sit('ann')
      await seat.publish(describeOffer(['audio']), BOTH.slice(0, 1))
      seat.release()
      const now: MediaHeard[] = []
      const again = bench.another().resumeSeat(room, seat.state, (one) => now.push(one))
      seats.push(again)
      expect(again.feed).toBe(seat.feed)
      expect(await again.publish(describeOffer(['audio', 'video'], 3), BOTH)).toContain('m=video')
      await bench.another().destroyRoom(room)
      await vi.waitFor(() => expect(now).toEqual([{ event: 'gone' }]))
      expect(heard).toEqual([])
    })

    it('a restart is the end of every seat, and its death shows', async () => {
      const { server } = bench
      await server.createRoom(room)
      const { seat, heard } = await sit('ann')
      await seat.publish(describeOffer(['audio']), BOTH.slice(0, 1))
      await bench.restart()
      await vi.waitFor(() => expect(heard).toContainEqual({ event: 'gone' }), 5_000)
      await expect(seat.publish(describeOffer(['audio'], 3), BOTH.slice(0, 1))).rejects.toThrow(MediaSeatGone)
      expect(await server.check()).toEqual({ people: 0 })
      await server.createRoom(room)
      const { heard: told } = await sit('ann')
      await bench.kill()
      await vi.waitFor(() => expect(told).toContainEqual({ event: 'doubt' }))
      await expect(server.check()).rejects.toMatchObject({ code: 'unavailable', certain: true })
      await expect(server.createRoom(room)).rejects.toThrow(MediaServerAway)
      await bench.restart()
    })
  })
}
