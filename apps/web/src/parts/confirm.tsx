import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import styles from './modal.module.css'
import { useToasts } from './toasts.tsx'

interface ConfirmProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly text: string
  readonly action: string
  /** What is done after yes; an error is told in a toast and the question stays. */
  readonly onConfirm: () => Promise<void>
}

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onClose, title, text, action, onConfirm }: ConfirmProps) {
  const { t } = useTranslation()
  const toasts = useToasts()
  const [busy, setBusy] = useState(false)
  const confirm = () => {
    setBusy(true)
    onConfirm()
      .then(onClose, toasts.fail)
      .finally(() => setBusy(false))
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        <AlertDialog.Viewport className={styles.viewport}>
          <AlertDialog.Popup className={styles.popup} data-small="">
            <AlertDialog.Title className={styles.title}>{title}</AlertDialog.Title>
            <AlertDialog.Description className={styles.text}>{text}</AlertDialog.Description>
            <div className={styles.actions}>
              <AlertDialog.Close render={<Button>{t('action.cancel')}</Button>} />
              <Button look="danger" busy={busy} onClick={confirm}>
                {action}
              </Button>
            </div>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
