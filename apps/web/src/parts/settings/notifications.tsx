import type { NotificationSettings } from '@parley/protocol'
import { type FormEvent, useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Button } from '../button.tsx'
import { Failure } from '../empty.tsx'
import { Field } from '../field.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import { useToasts } from '../toasts.tsx'
import { PushForm } from './push.tsx'
import styles from './settings.module.css'

const hourMs = 3_600_000
const rests = [1, 8, 24]

/** When nothing may draw attention. The inbox keeps everything meanwhile. */
export function NotificationForm() {
  const parley = useParley()
  const toasts = useToasts()
  const { state, reload } = useLoad(useCallback(() => parley.notificationSettings(), [parley]))
  const [changed, setChanged] = useState<NotificationSettings>()
  if (state.status === 'loading') return <SkeletonRows count={2} height={40} />
  if (state.status === 'error') return <Failure error={state.error} onRetry={reload} />
  const settings = changed ?? state.value
  const save = (changes: Partial<NotificationSettings>) =>
    parley.setNotificationSettings(changes).then(setChanged, toasts.fail)
  return (
    <>
      <PushForm content={settings.push_content} onSave={save} />
      <DoNotDisturb until={settings.do_not_disturb_until} onSave={save} />
      <QuietHoursForm hours={settings.quiet_hours} onSave={save} />
    </>
  )
}

type Save = (changes: Partial<NotificationSettings>) => Promise<void>

function DoNotDisturb({ until, onSave }: { until: number | null; onSave: Save }) {
  const { t } = useTranslation()
  const dates = useDates()
  const isOn = until !== null && until > Date.now()
  return (
    <div className={styles.group}>
      <h3 className={styles.subheading}>{t('settings.doNotDisturb')}</h3>
      <p className={styles.hint}>
        {isOn ? t('settings.restingUntil', { time: dates.full(until) }) : t('settings.doNotDisturbHint')}
      </p>
      <div className={styles.actions}>
        {isOn ? (
          <Button onClick={() => void onSave({ do_not_disturb_until: null })}>
            {t('settings.restOver')}
          </Button>
        ) : (
          rests.map((count) => (
            <Button
              key={count}
              onClick={() => void onSave({ do_not_disturb_until: Date.now() + count * hourMs })}
            >
              {t('settings.restFor', { count })}
            </Button>
          ))
        )}
      </div>
    </div>
  )
}

interface QuietHoursProps {
  readonly hours: NotificationSettings['quiet_hours']
  readonly onSave: Save
}

function QuietHoursForm({ hours, onSave }: QuietHoursProps) {
  const { t } = useTranslation()
  const [from, setFrom] = useState(hours?.from ?? '22:00')
  const [to, setTo] = useState(hours?.to ?? '07:00')
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const isSaved = hours?.from === from && hours.to === to && hours.time_zone === zone
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void onSave({ quiet_hours: { from, to, time_zone: zone } })
  }
  return (
    <form className={styles.group} onSubmit={submit} aria-label={t('settings.quietHours')}>
      <h3 className={styles.subheading}>{t('settings.quietHours')}</h3>
      <p className={styles.hint}>
        {hours === null
          ? t('settings.quietHoursOff', { zone })
          : t('settings.quietHoursOn', { from: hours.from, to: hours.to, zone: hours.time_zone })}
      </p>
      <div className={styles.times}>
        <Field
          label={t('settings.quietFrom')}
          name="from"
          type="time"
          required
          value={from}
          onValue={setFrom}
        />
        <Field label={t('settings.quietTo')} name="to" type="time" required value={to} onValue={setTo} />
      </div>
      <div className={styles.actions}>
        {isSaved ? null : (
          <Button look="primary" type="submit">
            {t('settings.quietSet')}
          </Button>
        )}
        {hours === null ? null : (
          <Button onClick={() => void onSave({ quiet_hours: null })}>{t('settings.quietOff')}</Button>
        )}
      </div>
    </form>
  )
}
