import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useErrorText } from '../hooks/use-error-text.ts'
import { Button } from './button.tsx'
import styles from './empty.module.css'

interface EmptyProps {
  readonly icon?: LucideIcon
  readonly title: string
  readonly hint?: string
  /** It is the whole screen: its title is the page's. */
  readonly page?: boolean
  readonly children?: ReactNode
}

/** What a screen says when there is nothing to show. */
export function Empty({ icon: Icon, title, hint, page = false, children }: EmptyProps) {
  const Title = page ? 'h1' : 'p'
  return (
    <div className={styles.empty}>
      {Icon === undefined ? null : (
        <span className={styles.icon}>
          <Icon size={22} aria-hidden="true" />
        </span>
      )}
      <Title className={styles.title}>{title}</Title>
      {hint === undefined ? null : <p className={styles.hint}>{hint}</p>}
      {children}
    </div>
  )
}

/** What a screen says when loading failed, with the way out. */
export function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation()
  const text = useErrorText()
  return (
    <div className={styles.empty} role="alert">
      <p className={styles.title}>{text(error)}</p>
      <Button onClick={onRetry}>{t('action.reload')}</Button>
    </div>
  )
}
