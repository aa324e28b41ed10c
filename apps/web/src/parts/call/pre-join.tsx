import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCalls, useCallsState } from '../../hooks/use-calls.ts'
import { errorCode, useErrorText } from '../../hooks/use-error-text.ts'
import { Button } from '../button.tsx'
import { Modal } from '../modal.tsx'
import { type CallPreferencesState, forSdk, useCallPreferences } from './call-preferences.ts'
import { DeviceSelect } from './device-select.tsx'
import { conflictReason, mediaProblem, whyNoCalls } from './media-problem.ts'
import styles from './pre-join.module.css'
import { Level, ProblemText, Viewfinder } from './pre-join-parts.tsx'
import type { PreJoinAsk } from './pre-join-store.ts'
import type { Preview, PreviewState } from './preview.ts'
import { useDevices } from './use-devices.ts'
import { usePreview } from './use-preview.ts'
import { useTitleOfRoom } from './use-title-of-room.ts'

interface PreJoinProps {
  readonly ask: PreJoinAsk
  readonly onClose: () => void
}

/** What one looks at before the others see and hear one: picture, level, devices. */
export function PreJoin({ ask, onClose }: PreJoinProps) {
  const { t } = useTranslation('call')
  const { calls } = useCallsState()
  const call = 'call' in ask ? calls.find(({ id }) => id === ask.call) : undefined
  const room = 'room' in ask ? ask.room : call?.room
  const title = useTitleOfRoom(room)
  const why = whyNoCalls(useCalls().supported, window.isSecureContext)
  return (
    <Modal open onClose={onClose} title={t('call' in ask ? 'preJoin.join' : 'preJoin.call', { room: title })}>
      {why === null ? (
        <Ready ask={ask} media={'room' in ask ? ask.media : (call?.media ?? 'sound')} onClose={onClose} />
      ) : (
        <div className={styles.only}>
          <ProblemText of="both" problem={why} />
        </div>
      )}
    </Modal>
  )
}

interface ReadyProps extends PreJoinProps {
  readonly media: 'sound' | 'video'
}

function Ready({ ask, media, onClose }: ReadyProps) {
  const { t } = useTranslation('call')
  const { change, ...preferences } = useCallPreferences()
  const { preview, state, again } = usePreview(true, media === 'video', preferences)
  const enter = useEnter(ask, preferences, onClose)
  const { microphone, camera } = state
  const devices = useDevices(microphone.track ?? camera.track)
  const moves = useCallToLeave(ask)
  // Told where it fails; here the choice alone counts.
  const choose = (next: Parameters<typeof change>[0]) => void change(next).catch(() => undefined)
  return (
    <>
      <Viewfinder preview={preview} state={state} media={media} onAgain={again} />
      <Level track={microphone.on ? microphone.track : null} />
      <div className={styles.devices}>
        <DeviceSelect
          label={t('preJoin.microphone')}
          devices={devices.microphones}
          value={preferences.microphone}
          open={microphone.track?.getSettings().deviceId}
          onChoose={(id) => choose({ microphone: id })}
        />
        {media === 'video' ? (
          <DeviceSelect
            label={t('preJoin.camera')}
            devices={devices.cameras}
            value={preferences.camera}
            open={camera.track?.getSettings().deviceId}
            onChoose={(id) => choose({ camera: id })}
          />
        ) : null}
        {devices.speakers.length === 0 ? null : (
          <DeviceSelect
            label={t('preJoin.speaker')}
            devices={devices.speakers}
            value={preferences.speaker}
            open="default"
            onChoose={(id) => choose({ speaker: id })}
          />
        )}
        <label className={styles.switch}>
          <input
            type="checkbox"
            checked={preferences.noiseSuppression}
            onChange={(event) => choose({ noiseSuppression: event.target.checked })}
          />
          {t('preJoin.noise')}
        </label>
      </div>
      {moves === null ? null : <p className={styles.hint}>{t('preJoin.moves', { room: moves })}</p>}
      <Enter
        ask={ask}
        busy={enter.busy}
        fault={enter.fault}
        unheard={!state.asking && microphone.track === null}
        disabled={preview === null || state.asking}
        onEnter={() => preview !== null && enter.go({ preview, state })}
      />
    </>
  )
}

interface EnterProps {
  readonly ask: PreJoinAsk
  readonly busy: boolean
  readonly fault: string | null
  readonly unheard: boolean
  readonly disabled: boolean
  readonly onEnter: () => void
}

function Enter({ ask, busy, fault, unheard, disabled, onEnter }: EnterProps) {
  const { t } = useTranslation('call')
  return (
    <>
      {fault === null ? null : (
        <p className={styles.fault} role="alert">
          {fault}
        </p>
      )}
      <div className={styles.actions}>
        {unheard ? <p className={styles.hint}>{t('preJoin.withoutMicrophone')}</p> : null}
        <Button look="primary" busy={busy} disabled={disabled} onClick={onEnter}>
          {t('call' in ask ? 'preJoin.joinAction' : 'preJoin.startAction')}
        </Button>
      </div>
    </>
  )
}

/** The room of another call that this tab is in. */
function useCallToLeave(ask: PreJoinAsk): string | null {
  const { current } = useCallsState()
  const title = useTitleOfRoom(current?.call.room)
  if (current === null) return null
  const same = 'call' in ask ? ask.call === current.call.id : ask.room === current.call.room
  return same ? null : title
}

interface Shown {
  readonly preview: Preview
  readonly state: PreviewState
}

function useEnter(ask: PreJoinAsk, preferences: CallPreferencesState, onDone: () => void) {
  const calls = useCalls()
  const faultText = useFaultText()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const enter = async ({ preview, state }: Shown) => {
    const input = {
      muted: !state.microphone.on || state.microphone.track === null,
      video: state.camera.track !== null,
      stream: preview.lend(),
    }
    await calls.leave()
    await calls.setPreferences(forSdk(preferences))
    await ('call' in ask
      ? calls.answer(ask.call, input)
      : calls.start(ask.room, { ...input, media: ask.media }))
  }
  const go = (shown: Shown) => {
    setBusy(true)
    setFault(null)
    enter(shown)
      .then(onDone, (error: unknown) => {
        shown.preview.takeBack()
        setFault(faultText(error))
      })
      .finally(() => setBusy(false))
  }
  return { busy, fault, go }
}

function useFaultText(): (error: unknown) => string {
  const { t } = useTranslation('call')
  const text = useErrorText()
  return (error) => {
    const problem = mediaProblem(error)
    if (problem !== undefined) return t(`problem.${problem}.both`)
    if (errorCode(error) !== 'conflict') return text(error)
    return t(conflictReason(error) === 'call_full' ? 'preJoin.full' : 'preJoin.over')
  }
}
