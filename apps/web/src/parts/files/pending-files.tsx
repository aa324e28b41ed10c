import type { PendingUpload, TimelineMessage } from '@parley/sdk/api'
import { CircleAlert, FileText, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useStore } from '../../hooks/use-store.ts'
import { IconButton } from '../icon-button.tsx'
import styles from './files.module.css'
import { formatBytes } from './format-bytes.ts'
import { isPreviewable } from './use-uploads.ts'

interface PendingFilesProps {
  readonly message: TimelineMessage
  readonly uploads: readonly PendingUpload[]
}

/** Files of a message that is not sent yet: how far each is, and which is not wanted after all. */
export function PendingFiles({ message, uploads }: PendingFilesProps) {
  const { t } = useTranslation()
  return (
    <ul className={styles.pending} aria-label={t('files.attached')}>
      {uploads.map((upload) => (
        <Row key={upload.id} message={message} upload={upload} />
      ))}
    </ul>
  )
}

function Row({ message, upload }: { message: TimelineMessage; upload: PendingUpload }) {
  const { t } = useTranslation()
  const parley = useParley()
  const preview = usePreview(upload)
  const { id, name, done, refused } = upload
  // The others of a message that failed go no further until it is decided.
  const still = done || message.state === 'failed'
  return (
    <li className={styles.attachment} data-failed={refused !== undefined || undefined}>
      {preview === null ? (
        <span className={styles.attachmentIcon}>
          <FileText size={20} aria-hidden="true" />
        </span>
      ) : (
        <img className={styles.attachmentPicture} src={preview} alt="" />
      )}
      <span className={styles.attachmentText}>
        <span className={styles.fileName}>{name}</span>
        <Progress upload={upload} still={still} />
      </span>
      <IconButton
        icon={X}
        size={16}
        small
        label={t(still ? 'files.remove' : 'files.cancel', { name })}
        onClick={() => parley.removeUpload(message.key, id)}
      />
    </li>
  )
}

function Progress({ upload, still }: { upload: PendingUpload; still: boolean }) {
  const { t, i18n } = useTranslation()
  const parley = useParley()
  const { id, name, bytes, refused } = upload
  const percent = Math.round(useStore(parley.uploadPart(id)) * 100)
  if (refused !== undefined)
    return (
      <span className={styles.fileError}>
        <CircleAlert size={13} aria-hidden="true" /> {t(`error.${refused}`)}
      </span>
    )
  const size = formatBytes(bytes, i18n.resolvedLanguage ?? 'en')
  if (still) return <span className={styles.fileFacts}>{size}</span>
  return (
    <>
      <span className={styles.fileFacts}>
        {percent === 0 ? `${size} · ${t('files.waiting')}` : t('files.sending', { percent })}
      </span>
      <progress
        className={styles.progress}
        max={100}
        value={percent}
        aria-label={t('files.progress', { name })}
      />
    </>
  )
}

/** The picture as it lies on this device. */
function usePreview({ id, type }: PendingUpload): string | null {
  const parley = useParley()
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!isPreviewable(type)) return
    let made: string | null = null
    let over = false
    void parley.uploadBytes(id).then((bytes) => {
      if (over || bytes === undefined) return
      made = URL.createObjectURL(bytes)
      setUrl(made)
    })
    return () => {
      over = true
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [parley, id, type])
  return url
}
