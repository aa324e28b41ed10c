import type { NotificationSettings } from '@parley/protocol'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley, usePreferences } from '../../app/context.ts'
import { errorCode } from '../../hooks/use-error-text.ts'
import { useStore } from '../../hooks/use-store.ts'
import { Button } from '../button.tsx'
import { Choices } from '../choices.tsx'
import { Modal } from '../modal.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './settings.module.css'

const contents = ['full', 'sender', 'none'] as const

/** Notifications while nothing of Parley is open: of this device, and what they may say on all of them. */
export function PushForm({ content, onSave }: PushFormProps) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<NotificationSettings['push_content']>()
  const choose = (value: NotificationSettings['push_content']) => {
    setChosen(value)
    void onSave({ push_content: value }).then(() => setChosen(undefined))
  }
  return (
    <>
      <ThisDevice />
      <div className={styles.group}>
        <h3 className={styles.subheading}>{t('settings.pushContent')}</h3>
        <p className={styles.hint}>{t('settings.pushContentHint')}</p>
        <Choices
          name="push-content"
          label={t('settings.pushContent')}
          labelHidden
          value={chosen ?? content}
          options={contents.map((value) => ({ value, label: t(`settings.pushContents.${value}`) }))}
          onChoose={choose}
        />
      </div>
    </>
  )
}

interface PushFormProps {
  readonly content: NotificationSettings['push_content']
  readonly onSave: (changes: Partial<NotificationSettings>) => Promise<void>
}

function ThisDevice() {
  const { t } = useTranslation()
  const { push } = useParley()
  const status = useStore(push)
  const toasts = useToasts()
  const [explaining, setExplaining] = useState(false)
  const [busy, setBusy] = useState(false)
  const disable = () => {
    setBusy(true)
    push
      .disable()
      .catch(toasts.fail)
      .finally(() => setBusy(false))
  }
  return (
    <div className={styles.group}>
      <h3 className={styles.subheading}>{t('settings.push')}</h3>
      <p className={styles.hint}>{t(`settings.pushStates.${status}`)}</p>
      {status === 'off' || status === 'on' ? (
        <div className={styles.actions}>
          {status === 'on' ? (
            <Button busy={busy} onClick={disable}>
              {t('settings.pushDisable')}
            </Button>
          ) : (
            <Button look="primary" onClick={() => setExplaining(true)}>
              {t('settings.pushEnable')}
            </Button>
          )}
        </div>
      ) : null}
      <Explanation open={explaining} onClose={() => setExplaining(false)} />
    </div>
  )
}

/** What will happen, before the browser asks: whoever says no there is not asked again. */
function Explanation({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { push } = useParley()
  const { language } = useStore(usePreferences())
  const toasts = useToasts()
  const [busy, setBusy] = useState(false)
  const enable = () => {
    setBusy(true)
    push
      .enable(language)
      .catch((error: unknown) => {
        if (errorCode(error) !== undefined) toasts.fail(error)
        else toasts.tell(t('settings.pushFailed'))
      })
      .finally(() => {
        setBusy(false)
        onClose()
      })
  }
  return (
    <Modal open={open} onClose={onClose} title={t('settings.pushTitle')}>
      <ul className={styles.points}>
        <li>{t('settings.pushWhen')}</li>
        <li>{t('settings.pushHow')}</li>
        <li>{t('settings.pushAsk')}</li>
      </ul>
      <div className={styles.actions}>
        <Button look="primary" busy={busy} onClick={enable}>
          {t('settings.pushContinue')}
        </Button>
        <Button onClick={onClose}>{t('settings.pushNotNow')}</Button>
      </div>
    </Modal>
  )
}
