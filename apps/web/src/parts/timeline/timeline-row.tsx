import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useDates } from '../../hooks/use-dates.ts'
import { Message } from '../message/message.tsx'
import { CallLine } from './call-line.tsx'
import { Notice } from './notice.tsx'
import type { Row } from './rows.ts'
import styles from './timeline.module.css'

/** One item with what is written above it. */
export const TimelineRow = memo(function TimelineRow({ row, marked }: { row: Row; marked: boolean }) {
  const { t } = useTranslation()
  const { item } = row
  return (
    <div className={styles.row} data-key={row.key}>
      {row.beginning ? <p className={styles.beginning}>{t('conversation.empty')}</p> : null}
      {row.day ? <Day at={item.at} /> : null}
      {row.fresh ? (
        <p className={styles.fresh}>
          <span>{t('conversation.newMessages')}</span>
        </p>
      ) : null}
      {item.type === 'notice' ? (
        <Notice notice={item} />
      ) : item.type === 'call' ? (
        <CallLine call={item} />
      ) : (
        <Message message={item} first={row.first} quoted={row.quoted} marked={marked} />
      )}
    </div>
  )
})

function Day({ at }: { at: number }) {
  const dates = useDates()
  return (
    <p className={styles.day}>
      <time dateTime={new Date(at).toISOString().slice(0, 10)}>{dates.day(at)}</time>
    </p>
  )
}
