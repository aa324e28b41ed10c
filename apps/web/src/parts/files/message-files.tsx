import type { FileShape } from '@parley/protocol'
import { Download, FileText } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import styles from './files.module.css'
import { formatBytes } from './format-bytes.ts'
import { Lightbox } from './lightbox.tsx'

export const isPicture = ({ type, width }: FileShape): boolean =>
  type.startsWith('image/') && width !== undefined
/** Wider or taller than this a picture alone is made smaller. */
const ALONE_MAX_WIDTH = 380
const ALONE_MAX_HEIGHT = 320

/** What a message carries: pictures to look at, sound and film to play, the rest to save. */
export function MessageFiles({ files }: { files: readonly FileShape[] }) {
  const [shown, setShown] = useState<number | null>(null)
  const pictures = files.filter(isPicture)
  const others = files.filter((file) => !isPicture(file))
  return (
    <div className={styles.files}>
      {pictures.length === 0 ? null : (
        <div className={styles.pictures} data-count={Math.min(pictures.length, 4)}>
          {pictures.map((file, index) => (
            <Thumbnail
              key={file.id}
              file={file}
              alone={pictures.length === 1}
              onOpen={() => setShown(index)}
            />
          ))}
        </div>
      )}
      {others.map((file) => (
        <Other key={file.id} file={file} />
      ))}
      <Lightbox files={pictures} index={shown} onIndex={setShown} />
    </div>
  )
}

/** Its place is there before the picture is: what is around it never jumps. */
function Thumbnail({ file, alone, onOpen }: { file: FileShape; alone: boolean; onOpen: () => void }) {
  const { t } = useTranslation()
  const parley = useParley()
  const { width = 1, height = 1 } = file
  const scale = Math.min(1, ALONE_MAX_WIDTH / width, ALONE_MAX_HEIGHT / height)
  const size = alone
    ? { inlineSize: `${Math.max(48, Math.round(width * scale))}px`, aspectRatio: `${width} / ${height}` }
    : {}
  const behind =
    file.placeholder === undefined
      ? {}
      : { backgroundImage: `url("data:image/webp;base64,${file.placeholder}")` }
  return (
    <button
      type="button"
      className={styles.picture}
      style={{ ...size, ...behind }}
      aria-label={t('files.open', { name: file.name })}
      onClick={onOpen}
    >
      <img src={parley.fileUrl(file.id, 'thumbnail')} alt={file.name} loading="lazy" decoding="async" />
    </button>
  )
}

function Other({ file }: { file: FileShape }) {
  const { t } = useTranslation()
  const parley = useParley()
  const url = parley.fileUrl(file.id)
  if (file.type.startsWith('video/'))
    return (
      <figure className={styles.player}>
        {/* biome-ignore lint/a11y/useMediaCaption: people's own films have no captions. */}
        <video src={url} controls preload="metadata" playsInline aria-label={file.name} />
        <FileRow file={file} />
      </figure>
    )
  if (file.type.startsWith('audio/'))
    return (
      <figure className={styles.player}>
        {/* biome-ignore lint/a11y/useMediaCaption: people's own sounds have no captions. */}
        <audio src={url} controls preload="metadata" aria-label={t('files.play', { name: file.name })} />
        <FileRow file={file} />
      </figure>
    )
  return <FileRow file={file} />
}

function FileRow({ file }: { file: FileShape }) {
  const { t, i18n } = useTranslation()
  const parley = useParley()
  const size = formatBytes(file.bytes, i18n.resolvedLanguage ?? 'en')
  return (
    <a className={styles.row} href={parley.fileUrl(file.id)} download={file.name}>
      <span className="hidden">{t('action.save')} </span>
      <span className={styles.attachmentIcon}>
        <FileText size={20} aria-hidden="true" />
      </span>
      <span className={styles.attachmentText}>
        <span className={styles.fileName}>{file.name}</span> <span className={styles.fileFacts}>{size}</span>
      </span>
      <Download size={17} aria-hidden="true" />
    </a>
  )
}
