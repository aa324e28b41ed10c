import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useErrorText } from '../hooks/use-error-text.ts'
import styles from './toasts.module.css'

export function ToastProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <Toast.Provider limit={3} timeout={5_000}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport} aria-label={t('app.toasts')}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { t } = useTranslation()
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles.toast}>
      <Toast.Content className={styles.content}>
        <Toast.Title className={styles.title} render={<p />} />
        <Toast.Close className={styles.close} aria-label={t('action.close')}>
          <X size={16} aria-hidden="true" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}

export interface Toasts {
  /** Says shortly that something worked. */
  tell(text: string): void
  /** Says why something did not; fits as a rejection handler. */
  fail(error: unknown): void
}

export function useToasts(): Toasts {
  const { add } = Toast.useToastManager()
  const text = useErrorText()
  return useMemo(
    () => ({
      tell: (title) => void add({ title }),
      fail: (error) => void add({ title: text(error), type: 'error', priority: 'high', timeout: 8_000 }),
    }),
    [add, text],
  )
}
