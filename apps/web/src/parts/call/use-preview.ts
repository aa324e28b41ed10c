import { useEffect, useMemo, useState } from 'react'
import { useStore } from '../../hooks/use-store.ts'
import type { CallPreferencesState } from './call-preferences.ts'
import { browserDevices } from './open-devices.ts'
import { Preview, type PreviewState } from './preview.ts'

const closed: PreviewState = {
  asking: true,
  microphone: { on: true, problem: null, track: null },
  camera: { on: false, problem: null, track: null },
}
const nothing = { get: () => closed, subscribe: () => () => undefined }

interface PreviewUse {
  /** Null until the first effect. */
  readonly preview: Preview | null
  readonly state: PreviewState
  /** From the beginning: after a refusal, or when the stream was handed on in vain. */
  again(): void
}

/** Open as long as it is shown and calls are possible here, unless its stream was handed on. */
export function usePreview(possible: boolean, video: boolean, preferences: CallPreferencesState): PreviewUse {
  const { microphone, camera, noiseSuppression } = preferences
  const choice = useMemo(
    () => ({ microphone, camera, noiseSuppression }),
    [microphone, camera, noiseSuppression],
  )
  const [first] = useState(choice)
  const [round, setRound] = useState(0)
  const [preview, setPreview] = useState<Preview | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for a new one.
  useEffect(() => {
    if (!possible) return
    const port = browserDevices(navigator.mediaDevices, navigator.permissions)
    const made = new Preview({ port, stream: new MediaStream(), video, choice: first })
    setPreview(made)
    void made.open()
    return () => {
      made.close()
      setPreview(null)
    }
  }, [possible, video, first, round])
  useEffect(() => preview?.choose(choice), [preview, choice])
  return { preview, state: useStore(preview ?? nothing), again: () => setRound((one) => one + 1) }
}
