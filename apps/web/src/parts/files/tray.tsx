import { CircleAlert, FileText, RotateCcw, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../icon-button.tsx'
import styles from './files.module.css'
import { formatBytes } from './format-bytes.ts'
import type { Attachment, Uploads } from './use-uploads.ts'

/** Above the text: what goes with the next message, and how far it is. */
export function Tray({ uploads }: { uploads: Uploads }) {
  const { t } = useTranslation()
  if (uploads.items.length === 0) return null
  const tooMuch = uploads.tooMuch()
  return (
    <>
      <ul className={styles.tray} aria-label={t('files.attached')}>
        {uploads.items.map((item) => (
          <Row key={item.key} item={item} uploads={uploads} keepable={!tooMuch} />
        ))}
      </ul>
      {tooMuch ? (
        <p className={styles.note} role="status">
          {t('files.uploadFirst')}
        </p>
      ) : null}
    </>
  )
}

interface RowProps {
  readonly item: Attachment
  readonly uploads: Uploads
  /** What is not uploaded can go with the message all the same. */
  readonly keepable: boolean
}

function Row({ item, uploads, keepable }: RowProps) {
  const { t, i18n } = useTranslation()
  const { name, part, file } = item
  const later = keepable && item.passes
  const error = later ? null : item.error
  const percent = Math.round(part * 100)
  return (
    <li className={styles.attachment} data-failed={error !== null || undefined}>
      {item.preview === null ? (
        <span className={styles.attachmentIcon}>
          <FileText size={20} aria-hidden="true" />
        </span>
      ) : (
        <img className={styles.attachmentPicture} src={item.preview} alt="" />
      )}
      <span className={styles.attachmentText}>
        <span className={styles.fileName}>{name}</span>
        {error === null ? (
          <span className={styles.fileFacts}>
            {later
              ? t('files.later')
              : file === null
                ? t('files.sending', { percent })
                : formatBytes(item.bytes, i18n.resolvedLanguage ?? 'en')}
          </span>
        ) : (
          <span className={styles.fileError} role="alert">
            <CircleAlert size={13} aria-hidden="true" /> {error}
          </span>
        )}
        {file === null && item.error === null ? (
          <progress
            className={styles.progress}
            max={100}
            value={percent}
            aria-label={t('files.progress', { name })}
          />
        ) : null}
      </span>
      {error === null ? null : (
        <IconButton
          icon={RotateCcw}
          size={16}
          small
          label={t('files.retry', { name })}
          onClick={() => uploads.retry(item.key)}
        />
      )}
      <IconButton
        icon={X}
        size={16}
        small
        label={t(file === null && item.error === null ? 'files.cancel' : 'files.remove', { name })}
        onClick={() => uploads.remove(item.key)}
      />
    </li>
  )
}
