import type { CurrentCall } from '@parley/sdk/calls/call-types'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCalls } from '../../hooks/use-calls.ts'
import { useToasts } from '../toasts.tsx'
import { conflictReason, mediaProblem } from './media-problem.ts'

export interface Controls {
  /** The camera or the screen is on its way on or off. */
  readonly busy: boolean
  readonly canShare: boolean
  /** The space bar is held. */
  readonly talking: boolean
  microphone(): void
  camera(): void
  screen(): void
  talk(on: boolean): void
  leave(): void
  /** Says in plain words why a device could not be had. */
  fail(kind: 'microphone' | 'camera' | 'screen', error: unknown): void
}

export const canShareScreen = (): boolean =>
  typeof (navigator.mediaDevices as MediaDevices | undefined)?.getDisplayMedia === 'function'

/** What buttons and keys do. */
export function useControls({ local }: CurrentCall, onLeave: () => void): Controls {
  const { t } = useTranslation('call')
  const calls = useCalls()
  const toasts = useToasts()
  const [busy, setBusy] = useState(false)
  const [talking, setTalking] = useState(false)
  const canShare = canShareScreen() && !local.soundOnly
  const fail = (kind: 'microphone' | 'camera' | 'screen', error: unknown) => {
    const problem = mediaProblem(error)
    if (conflictReason(error) === 'sound_only') toasts.tell(t('soundOnly'))
    else if (problem === undefined) toasts.fail(error)
    else if (kind === 'screen') toasts.tell(t('screenFailed'))
    else toasts.tell(`${t(`problem.${problem}.${kind}`)}. ${t(`problem.${problem}.hint`)}`)
  }
  const during = (work: Promise<void>, failed: (error: unknown) => void) => {
    setBusy(true)
    work.catch(failed).finally(() => setBusy(false))
  }
  return {
    busy,
    canShare,
    talking,
    fail,
    microphone() {
      setTalking(false)
      calls.setSound(!local.sound).catch((error: unknown) => fail('microphone', error))
    },
    camera() {
      if (!busy && !local.soundOnly) during(calls.setVideo(!local.video), (error) => fail('camera', error))
    },
    screen() {
      if (busy || !canShare) return
      // Whoever closes the browser's list of windows changed their mind; that is no fault.
      during(calls.setScreen(!local.screen), (error) => {
        if (mediaProblem(error) !== 'denied') fail('screen', error)
      })
    },
    talk(on) {
      setTalking(on)
      calls.setSound(on).catch((error: unknown) => fail('microphone', error))
    },
    leave: onLeave,
  }
}
