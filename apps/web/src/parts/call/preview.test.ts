import { describe, expect, it } from 'vitest'
import type { DevicePort } from './open-devices.ts'
import { Preview } from './preview.ts'

type Kind = 'audio' | 'video'

class FakeTrack extends EventTarget {
  readonly kind: Kind
  enabled = true
  stopped = false
  constructor(kind: Kind) {
    super()
    this.kind = kind
  }
  stop() {
    this.stopped = true
  }
}

class FakeStream {
  tracks: FakeTrack[] = []
  addTrack(track: FakeTrack) {
    this.tracks.push(track)
  }
  removeTrack(track: FakeTrack) {
    this.tracks = this.tracks.filter((one) => one !== track)
  }
}

interface BeginInput {
  readonly refused?: Partial<Record<Kind, string>>
  readonly granted?: boolean
  readonly video?: boolean
  /** While the person is asked. */
  readonly meanwhile?: (preview: Preview) => void
}

/** A browser that refuses some devices with an error of that name. */
function begin(input: BeginInput = {}) {
  const { refused = {}, granted = false, video = true } = input
  const asked: MediaStreamConstraints[] = []
  const opened: FakeTrack[] = []
  const port = {
    async getUserMedia(wanted: MediaStreamConstraints) {
      asked.push(wanted)
      input.meanwhile?.(preview)
      const kinds = (['audio', 'video'] as const).filter((kind) => wanted[kind] !== undefined)
      for (const kind of kinds)
        if (refused[kind] !== undefined) throw new DOMException('refused', refused[kind])
      const tracks = kinds.map((kind) => new FakeTrack(kind))
      opened.push(...tracks)
      return { getTracks: () => tracks }
    },
    isGranted: async () => granted,
  }
  const stream = new FakeStream()
  const preview = new Preview({
    port: port as unknown as DevicePort,
    stream: stream as unknown as MediaStream,
    video,
    choice: { microphone: undefined, camera: undefined, noiseSuppression: true },
  })
  const kinds = () => stream.tracks.map(({ kind }) => kind)
  return { preview, stream, asked, opened, kinds }
}

describe('the preview', () => {
  it('asks once for both, and for the microphone alone in a call without pictures', async () => {
    const both = begin()
    await both.preview.open()
    expect([both.asked.length, both.kinds()]).toEqual([1, ['audio', 'video']])
    const sound = begin({ video: false })
    await sound.preview.open()
    expect([sound.asked.length, sound.kinds()]).toEqual([1, ['audio']])
  })

  it('opens the other one where one of them is missing or taken', async () => {
    const { preview, kinds } = begin({ refused: { video: 'NotReadableError' } })
    await preview.open()
    expect(kinds()).toEqual(['audio'])
    expect(preview.get().camera.problem).toBe('busy')
    expect(preview.get().microphone.problem).toBe(null)
  })

  it('does not ask again who just said no, but takes what was granted before', async () => {
    const no = begin({ refused: { audio: 'NotAllowedError', video: 'NotAllowedError' } })
    await no.preview.open()
    expect(no.asked).toHaveLength(1)
    expect(no.preview.get()).toMatchObject({
      asking: false,
      microphone: { problem: 'denied' },
      camera: { problem: 'denied' },
    })
    const half = begin({ refused: { video: 'NotAllowedError' }, granted: true })
    await half.preview.open()
    expect(half.kinds()).toEqual(['audio'])
    expect(half.preview.get().camera.problem).toBe('denied')
  })

  it('silences a microphone that is off, and stops a camera', async () => {
    const { preview, opened, kinds } = begin()
    await preview.open()
    preview.set('microphone', false)
    preview.set('camera', false)
    expect(opened.map(({ enabled, stopped }) => [enabled, stopped])).toEqual([
      [false, false],
      [true, true],
    ])
    expect(kinds()).toEqual(['audio'])
    preview.set('camera', true)
    await preview.open()
    expect(kinds()).toEqual(['audio', 'video'])
  })

  it('opens anew what another device was chosen for, and only that', async () => {
    const { preview, opened, asked } = begin()
    await preview.open()
    preview.choose({ microphone: undefined, camera: 'back', noiseSuppression: true })
    await preview.open()
    expect(opened.map(({ kind, stopped }) => [kind, stopped])).toEqual([
      ['audio', false],
      ['video', true],
      ['video', false],
    ])
    expect(asked.at(-1)?.video).toMatchObject({ deviceId: { ideal: 'back' } })
  })

  it('tells of a device that is pulled out', async () => {
    const { preview, opened, kinds } = begin()
    await preview.open()
    opened[1]?.dispatchEvent(new Event('ended'))
    expect(preview.get().camera).toMatchObject({ track: null, problem: 'missing' })
    expect(kinds()).toEqual(['audio'])
  })

  it('stops everything when it is closed, also what comes later', async () => {
    const later = begin({ meanwhile: (preview) => preview.close() })
    await later.preview.open()
    expect(later.opened.map(({ stopped }) => stopped)).toEqual([true, true])
    const { preview, opened } = begin()
    await preview.open()
    preview.close()
    expect(opened.map(({ stopped }) => stopped)).toEqual([true, true])
  })

  it('leaves a stream alone that a call has, and has it again if the call does not come about', async () => {
    const { preview, opened } = begin()
    await preview.open()
    preview.set('microphone', false)
    preview.lend()
    preview.close()
    expect(opened.some(({ stopped }) => stopped)).toBe(false)
    preview.takeBack()
    expect(opened.every(({ stopped }) => stopped)).toBe(true)

    const shown = begin()
    await shown.preview.open()
    shown.preview.set('microphone', false)
    shown.preview.lend()
    for (const track of shown.opened) track.enabled = true
    shown.preview.takeBack()
    expect(shown.opened.map(({ enabled, stopped }) => [enabled, stopped])).toEqual([
      [false, false],
      [true, false],
    ])
  })
})
