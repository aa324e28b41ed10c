import {
  LayoutGrid,
  Mic,
  MicOff,
  MonitorUp,
  PhoneOff,
  RectangleHorizontal,
  Video,
  VideoOff,
} from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../icon-button.tsx'
import { CallMenu } from './call-menu.tsx'
import { useCallPlace } from './call-place-context.ts'
import { useCallPreferences } from './call-preferences.ts'
import styles from './control-bar.module.css'

export function ControlBar() {
  const { t } = useTranslation('call')
  const { current, controls, layout, setLayout, phone, choice } = useCallPlace()
  const { letterKeys } = useCallPreferences()
  const { screen } = current.local
  return (
    // biome-ignore lint/a11y/useSemanticElements: a toolbar has no element of its own.
    <div role="group" className={styles.bar} aria-label={t('control.label')}>
      <MicrophoneButton />
      <CameraButton />
      {controls.canShare && !phone ? (
        <IconButton
          className={styles.control}
          icon={MonitorUp}
          size={20}
          label={t(screen ? 'control.unshare' : 'control.share')}
          {...(letterKeys ? { keys: 'S' } : {})}
          data-on={screen || undefined}
          disabled={controls.busy}
          onClick={controls.screen}
        />
      ) : null}
      {phone || choice.kind === 'pair' || current.peers.length < 2 ? null : (
        <IconButton
          className={styles.control}
          icon={layout === 'grid' ? RectangleHorizontal : LayoutGrid}
          size={20}
          label={t(layout === 'grid' ? 'control.speakerView' : 'control.gridView')}
          onClick={() => setLayout(layout === 'grid' ? 'speaker' : 'grid')}
        />
      )}
      <CallMenu />
      <LeaveButton />
    </div>
  )
}

export function MicrophoneButton({ size = 20 }: { size?: number }) {
  const { t } = useTranslation('call')
  const { current, controls } = useCallPlace()
  const { pushToTalk, letterKeys } = useCallPreferences()
  const { sound } = current.local
  const keys = [...(letterKeys ? ['M'] : []), ...(!sound && pushToTalk ? [t('control.hold')] : [])]
  return (
    <IconButton
      className={styles.control}
      icon={sound ? Mic : MicOff}
      size={size}
      label={t(controls.talking ? 'control.talking' : sound ? 'control.mute' : 'control.unmute')}
      {...(keys.length > 0 ? { keys: keys.join(' · ') } : {})}
      data-off={!sound || undefined}
      data-on={controls.talking || undefined}
      onClick={controls.microphone}
    />
  )
}

export function CameraButton({ size = 20 }: { size?: number }) {
  const { t } = useTranslation('call')
  const { current, controls } = useCallPlace()
  const { letterKeys } = useCallPreferences()
  const { video, soundOnly } = current.local
  return (
    <IconButton
      className={styles.control}
      icon={video ? Video : VideoOff}
      size={size}
      label={t(soundOnly ? 'control.cameraNever' : video ? 'control.cameraOff' : 'control.cameraOn')}
      {...(letterKeys ? { keys: 'V' } : {})}
      data-off={!video || undefined}
      aria-disabled={soundOnly || undefined}
      disabled={controls.busy}
      onClick={controls.camera}
    />
  )
}

export function LeaveButton({ size = 20 }: { size?: number }) {
  const { t } = useTranslation('call')
  const { controls } = useCallPlace()
  return (
    <IconButton
      className={styles.control}
      icon={PhoneOff}
      size={size}
      label={t('control.leave')}
      data-leave=""
      onClick={controls.leave}
    />
  )
}
