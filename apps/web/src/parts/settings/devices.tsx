import type { Device } from '@parley/protocol'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Button } from '../button.tsx'
import { Confirm } from '../confirm.tsx'
import { Failure } from '../empty.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import { useToasts } from '../toasts.tsx'
import { deviceLabel } from './device-label.ts'
import styles from './settings.module.css'

/** Everywhere one is signed in; another device can be signed out from here, at once. */
export function Devices() {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const { state, reload } = useLoad(useCallback(() => parley.devices(), [parley]))
  const [asked, setAsked] = useState<Device>()
  if (state.status === 'loading') return <SkeletonRows count={2} height={60} />
  if (state.status === 'error') return <Failure error={state.error} onRetry={reload} />
  const name = asked === undefined ? '' : deviceLabel(asked.name)
  return (
    <>
      <ul className={styles.devices}>
        {state.value.map((device) => (
          <li key={device.id} className={styles.device}>
            <DeviceText device={device} />
            {device.current ? (
              <span className={styles.here}>{t('settings.thisDevice')}</span>
            ) : (
              <Button onClick={() => setAsked(device)}>{t('settings.revoke')}</Button>
            )}
          </li>
        ))}
      </ul>
      <Confirm
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={t('settings.revokeTitle', { name })}
        text={t('settings.revokeText')}
        action={t('settings.revoke')}
        onConfirm={async () => {
          if (asked === undefined) return
          await parley.revokeDevice(asked.id)
          toasts.tell(t('settings.revoked', { name }))
          reload()
        }}
      />
    </>
  )
}

function DeviceText({ device }: { device: Device }) {
  const { t } = useTranslation()
  const dates = useDates()
  return (
    <span className={styles.text}>
      <span className={styles.name} title={device.name}>
        {deviceLabel(device.name)}
      </span>
      <span className={styles.when}>
        {t('settings.lastActive', { when: dates.ago(device.last_seen_at) })} ·{' '}
        {t('settings.signedIn', { when: dates.full(device.created_at) })}
      </span>
    </span>
  )
}
