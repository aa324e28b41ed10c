import { Menu } from '@base-ui/react/menu'
import {
  Check,
  Ellipsis,
  LayoutGrid,
  MonitorUp,
  PictureInPicture2,
  RectangleHorizontal,
  Settings2,
} from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../icon-button.tsx'
import styles from './call-menu.module.css'
import { useCallPlace } from './call-place-context.ts'
import { useCallPreferences } from './call-preferences.ts'
import bar from './control-bar.module.css'
import { useDevices } from './use-devices.ts'
import { useOwnWindowButton } from './use-own-window-button.ts'

/** Devices; on a phone also what has no place in the bar. */
export function CallMenu() {
  const { t } = useTranslation('call')
  const { phone } = useCallPlace()
  const [open, setOpen] = useState(false)
  return (
    <Menu.Root modal={false} open={open} onOpenChange={setOpen}>
      <Menu.Trigger
        render={
          <IconButton
            className={bar.control}
            icon={phone ? Ellipsis : Settings2}
            size={20}
            label={t(phone ? 'control.more' : 'control.devices')}
          />
        }
      />
      <Menu.Portal>
        <Menu.Positioner className={styles.positioner} sideOffset={8} side="top">
          <Menu.Popup className={styles.popup}>
            {phone ? <PhoneItems /> : null}
            <DeviceItems />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

function PhoneItems() {
  const { t } = useTranslation('call')
  const { current, controls, layout, setLayout } = useCallPlace()
  const own = useOwnWindowButton()
  const many = current.peers.length > 1
  if (!controls.canShare && !many && own === null) return null
  return (
    <Menu.Group className={styles.group}>
      {controls.canShare ? (
        <Menu.Item className={styles.item} onClick={controls.screen}>
          <MonitorUp size={16} aria-hidden="true" />
          {t(current.local.screen ? 'control.unshare' : 'control.share')}
        </Menu.Item>
      ) : null}
      {many ? (
        <Menu.Item className={styles.item} onClick={() => setLayout(layout === 'grid' ? 'speaker' : 'grid')}>
          {layout === 'grid' ? (
            <RectangleHorizontal size={16} aria-hidden="true" />
          ) : (
            <LayoutGrid size={16} aria-hidden="true" />
          )}
          {t(layout === 'grid' ? 'control.speakerView' : 'control.gridView')}
        </Menu.Item>
      ) : null}
      {own === null ? null : (
        <Menu.Item className={styles.item} onClick={own.onClick}>
          <PictureInPicture2 size={16} aria-hidden="true" />
          {own.label}
        </Menu.Item>
      )}
    </Menu.Group>
  )
}

function DeviceItems() {
  const { t } = useTranslation('call')
  const { current, controls } = useCallPlace()
  const { change, ...preferences } = useCallPreferences()
  const devices = useDevices(current.local.camera)
  const open = (kind: 'audio' | 'video') =>
    (current.local.camera as MediaStream | null)?.getTracks().find((track) => track.kind === kind)
  const used = (kind: 'audio' | 'video') => open(kind)?.getSettings().deviceId
  return (
    <>
      <DeviceGroup
        label={t('preJoin.microphone')}
        devices={devices.microphones}
        value={used('audio') ?? preferences.microphone}
        onChoose={(id) =>
          void change({ microphone: id }).catch((error) => controls.fail('microphone', error))
        }
      />
      <DeviceGroup
        label={t('preJoin.camera')}
        devices={current.local.soundOnly ? [] : devices.cameras}
        value={used('video') ?? preferences.camera}
        onChoose={(id) => void change({ camera: id }).catch((error) => controls.fail('camera', error))}
      />
      <DeviceGroup
        label={t('preJoin.speaker')}
        devices={devices.speakers}
        value={preferences.speaker ?? 'default'}
        onChoose={(id) => void change({ speaker: id }).catch(() => undefined)}
      />
      <Menu.CheckboxItem
        className={styles.item}
        checked={preferences.noiseSuppression}
        onCheckedChange={(on) =>
          void change({ noiseSuppression: on }).catch((error) => controls.fail('microphone', error))
        }
      >
        <Menu.CheckboxItemIndicator className={styles.check} keepMounted>
          <Check size={16} aria-hidden="true" />
        </Menu.CheckboxItemIndicator>
        {t('preJoin.noise')}
      </Menu.CheckboxItem>
    </>
  )
}

interface DeviceGroupProps {
  readonly label: string
  readonly devices: readonly MediaDeviceInfo[]
  readonly value: string | undefined
  readonly onChoose: (id: string) => void
}

function DeviceGroup({ label, devices, value, onChoose }: DeviceGroupProps) {
  const { t } = useTranslation('call')
  if (devices.length === 0) return null
  return (
    <Menu.RadioGroup className={styles.group} value={value ?? ''} onValueChange={onChoose}>
      <Menu.GroupLabel className={styles.label}>{label}</Menu.GroupLabel>
      {devices.map((device, index) => (
        <Menu.RadioItem key={device.deviceId} className={styles.item} value={device.deviceId}>
          <Menu.RadioItemIndicator className={styles.check} keepMounted>
            <Check size={16} aria-hidden="true" />
          </Menu.RadioItemIndicator>
          <span className={styles.text}>
            {device.label === '' ? t('preJoin.unnamedDevice', { number: index + 1 }) : device.label}
          </span>
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  )
}
