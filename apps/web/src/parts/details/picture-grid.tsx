import type { SentFile } from '@parley/protocol'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { Lightbox } from '../files/lightbox.tsx'
import styles from './details.module.css'

interface PictureGridProps {
  readonly files: readonly SentFile[]
  /** Goes to the message of one. */
  readonly onOpen: (seq: number) => void
}

/** Small pictures in rows; one of them over the whole screen, from where its message is one step away. */
export function PictureGrid({ files, onOpen }: PictureGridProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const [shown, setShown] = useState<number | null>(null)
  if (files.length === 0) return null
  return (
    <>
      <ul className={styles.grid}>
        {files.map(({ file, seq }, index) => (
          <li key={`${seq} ${file.id}`}>
            <button
              type="button"
              className={styles.tile}
              style={
                file.placeholder === undefined
                  ? {}
                  : { backgroundImage: `url("data:image/webp;base64,${file.placeholder}")` }
              }
              aria-label={t('files.open', { name: file.name })}
              onClick={() => setShown(index)}
            >
              <img src={parley.fileUrl(file.id, 'thumbnail')} alt="" loading="lazy" decoding="async" />
            </button>
          </li>
        ))}
      </ul>
      <Lightbox
        files={files.map(({ file }) => file)}
        index={shown}
        onIndex={setShown}
        onGoTo={(index) => {
          setShown(null)
          const seq = files[index]?.seq
          if (seq !== undefined) onOpen(seq)
        }}
      />
    </>
  )
}
