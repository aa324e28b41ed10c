import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './icon-button.tsx'
import styles from './modal.module.css'

interface ModalProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: ReactNode
  /** `top`: hangs from the top edge, like the switcher; its title is only heard. */
  readonly place?: 'middle' | 'top'
}

export function Modal({ open, onClose, title, children, place = 'middle' }: ModalProps) {
  const { t } = useTranslation()
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Viewport className={styles.viewport} data-place={place}>
          <Dialog.Popup className={styles.popup}>
            <div className={place === 'top' ? 'hidden' : styles.head}>
              <Dialog.Title className={styles.title}>{title}</Dialog.Title>
              {place === 'top' ? null : (
                <Dialog.Close render={<IconButton icon={X} label={t('action.close')} />} />
              )}
            </div>
            {children}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
