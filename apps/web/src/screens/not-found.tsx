import { MapPinOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { links } from '../app/links.ts'
import { Empty } from '../parts/empty.tsx'
import styles from './not-found.module.css'

export function NotFoundScreen() {
  const { t } = useTranslation()
  return (
    <div className={styles.page}>
      <Empty page icon={MapPinOff} title={t('notFound.title')} hint={t('notFound.hint')}>
        <Link to={links.home} className={styles.link}>
          {t('notFound.home')}
        </Link>
      </Empty>
    </div>
  )
}
