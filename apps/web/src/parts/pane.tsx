import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { links } from '../app/links.ts'
import { IconButton } from './icon-button.tsx'
import styles from './pane.module.css'

interface PaneProps {
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
  /** Where the arrow leads on a phone; none on the screens of the tab bar. */
  readonly back?: string
}

/** A screen beside the list: a bar with its title, and what scrolls below. */
export function Pane({ title, children, actions, back }: PaneProps) {
  return (
    <section className={styles.pane} aria-label={title}>
      <header className={styles.bar}>
        {back === undefined ? null : <BackButton to={back} />}
        <h1 className={styles.title}>{title}</h1>
        {actions}
      </header>
      <div className={styles.scroll}>
        <div className={styles.column}>{children}</div>
      </div>
    </section>
  )
}

/** Only on a phone, where one pane is shown at a time. */
export function BackButton({ to = links.home }: { to?: string }) {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  return (
    <IconButton
      icon={ArrowLeft}
      size={20}
      label={t('action.back')}
      className={styles.back}
      onClick={() => navigate(to)}
    />
  )
}
