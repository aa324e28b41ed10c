import { Info, MonitorUp, VolumeX, WifiOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '../button.tsx'
import { useCallPlace } from './call-place-context.ts'
import styles from './stage.module.css'

/** What everybody in a call should know about it, and nothing while all is well. */
export function Notices() {
  const { t } = useTranslation('call')
  const { current, controls, soundBlocked, turnOnSound } = useCallPlace()
  return (
    <div className={styles.notices} role="status">
      {current.status === 'reconnecting' ? (
        <p className={styles.notice} data-look="trouble">
          <WifiOff size={16} aria-hidden="true" />
          <span>{t('reconnecting')}</span>
        </p>
      ) : null}
      {soundBlocked ? (
        <p className={styles.notice} data-look="trouble">
          <VolumeX size={16} aria-hidden="true" />
          <span>{t('soundBlocked')}</span>
          <Button look="primary" onClick={turnOnSound}>
            {t('turnOnSound')}
          </Button>
        </p>
      ) : null}
      {current.local.soundOnly ? (
        <p className={styles.notice}>
          <Info size={16} aria-hidden="true" />
          <span>{t('soundOnly')}</span>
        </p>
      ) : null}
      {current.local.screen ? (
        <p className={styles.notice}>
          <MonitorUp size={16} aria-hidden="true" />
          <span>{t('showing')}</span>
          <Button disabled={controls.busy} onClick={controls.screen}>
            {t('stopShowing')}
          </Button>
        </p>
      ) : null}
    </div>
  )
}
