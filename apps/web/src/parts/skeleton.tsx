import { useTranslation } from 'react-i18next'
import styles from './skeleton.module.css'

/** Rows of the size of what will come, so that nothing jumps when it does. */
export function SkeletonRows({ count, height }: { count: number; height: number }) {
  const { t } = useTranslation()
  return (
    <div className={styles.rows} role="status">
      <span className="hidden">{t('app.loading')}</span>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move.
        <span key={index} className={styles.row} style={{ blockSize: height, '--turn': index }}>
          <span className={styles.face} />
          <span className={styles.lines}>
            <span className={styles.line} style={{ inlineSize: `${34 + ((index * 37) % 30)}%` }} />
            <span className={styles.line} style={{ inlineSize: `${55 + ((index * 53) % 38)}%` }} />
          </span>
        </span>
      ))}
    </div>
  )
}
