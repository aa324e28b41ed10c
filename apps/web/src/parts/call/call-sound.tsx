import type { CallPeer } from '@parley/sdk/calls/call-types'
import { useEffect, useLayoutEffect, useRef } from 'react'
import { streamOf } from '../../hooks/use-calls.ts'
import { useCallPreferences } from './call-preferences.ts'
import { canChooseSpeaker } from './use-devices.ts'

interface CallSoundProps {
  readonly peers: readonly CallPeer[]
  /** Whether the browser keeps the sound off until the person clicks. */
  readonly onBlocked: (blocked: boolean) => void
}

/** What is heard, apart from what is seen: it goes on whatever is on the screen. */
export function CallSound({ peers, onBlocked }: CallSoundProps) {
  const { speaker } = useCallPreferences()
  return peers.map(({ user, camera, display }) => (
    <span key={user} hidden>
      <Sound stream={streamOf(camera)} speaker={speaker} onBlocked={onBlocked} />
      <Sound stream={streamOf(display)} speaker={speaker} onBlocked={onBlocked} />
    </span>
  ))
}

interface SoundProps {
  readonly stream: MediaStream | null
  readonly speaker: string | undefined
  readonly onBlocked: (blocked: boolean) => void
}

function Sound({ stream, speaker, onBlocked }: SoundProps) {
  const audio = useRef<HTMLAudioElement>(null)
  useLayoutEffect(() => {
    const element = audio.current
    if (element === null) return
    element.srcObject = stream
    if (stream === null) return
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked(true)
    })
    return () => {
      element.srcObject = null
    }
  }, [stream, onBlocked])
  useEffect(() => {
    if (audio.current === null || !canChooseSpeaker()) return
    // A speaker that was pulled out: the system's is better than silence.
    void audio.current
      .setSinkId(speaker ?? '')
      .catch(() => audio.current?.setSinkId('').catch(() => undefined))
  }, [speaker])
  // biome-ignore lint/a11y/useMediaCaption: live speech; captions have a place of their own.
  return <audio ref={audio} data-call-sound="" autoPlay />
}

/** In answer to a click. */
export async function playSound(): Promise<void> {
  const all = [...document.querySelectorAll<HTMLAudioElement>('audio[data-call-sound]')]
  await Promise.all(all.filter(({ srcObject }) => srcObject !== null).map((element) => element.play()))
}
