import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './pre-join.module.css'

interface DeviceSelectProps {
  readonly label: string
  readonly devices: readonly MediaDeviceInfo[]
  /** Of the preferences. */
  readonly value: string | undefined
  /** What the browser opened. */
  readonly open?: string | undefined
  readonly disabled?: boolean
  readonly onChoose: (id: string) => void
}

/** A browser's own list, which every system and every assistive technology knows. */
export function DeviceSelect({ label, devices, value, open, disabled, onChoose }: DeviceSelectProps) {
  const { t } = useTranslation('call')
  const id = useId()
  const known = devices.some((device) => device.deviceId === value) ? value : open
  return (
    <div className={styles.device}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className={styles.select}
        value={known ?? ''}
        disabled={disabled === true || devices.length === 0}
        onChange={(event) => onChoose(event.target.value)}
      >
        {known === undefined || devices.length === 0 ? (
          <option value="">{t('preJoin.automatic')}</option>
        ) : null}
        {devices.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label === '' ? t('preJoin.unnamedDevice', { number: index + 1 }) : device.label}
          </option>
        ))}
      </select>
    </div>
  )
}
