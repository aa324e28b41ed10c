import { Dialog } from '@base-ui/react/dialog'
import type { FileShape } from '@parley/protocol'
import { ChevronLeft, ChevronRight, Download, MessageSquare, X } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { IconButton } from '../icon-button.tsx'
import styles from './files.module.css'

interface LightboxProps {
  readonly files: readonly FileShape[]
  /** Which one is shown; null: closed. */
  readonly index: number | null
  readonly onIndex: (index: number | null) => void
  /** Leads to the message it came with; left out where that is what one looks at. */
  readonly onGoTo?: (index: number) => void
}

/** One picture over the whole screen: Escape closes, the arrows go on. */
export function Lightbox({ files, index, onIndex, onGoTo }: LightboxProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const file = index === null ? undefined : files[index]
  const go = (step: number) => {
    const next = (index ?? 0) + step
    if (next >= 0 && next < files.length) onIndex(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') go(-1)
    else if (event.key === 'ArrowRight') go(1)
  }
  return (
    <Dialog.Root open={file !== undefined} onOpenChange={(open) => !open && onIndex(null)}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.lightboxBack} />
        <Dialog.Popup className={styles.lightbox} onKeyDown={onKeyDown}>
          {file === undefined || index === null ? null : (
            <>
              <div className={styles.lightboxBar}>
                <Dialog.Title className={styles.lightboxTitle}>{file.name}</Dialog.Title>
                {files.length === 1 ? null : (
                  <span className={styles.lightboxCount}>
                    {index + 1} / {files.length}
                  </span>
                )}
                {onGoTo === undefined ? null : (
                  <IconButton
                    icon={MessageSquare}
                    size={19}
                    label={t('files.goTo')}
                    onClick={() => onGoTo(index)}
                  />
                )}
                <a
                  className={styles.lightboxLink}
                  href={parley.fileUrl(file.id)}
                  download={file.name}
                  aria-label={t('files.download', { name: file.name })}
                >
                  <Download size={19} aria-hidden="true" />
                </a>
                <Dialog.Close
                  render={<IconButton icon={X} size={20} label={t('action.close')} keys="Esc" />}
                />
              </div>
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: Escape and the button close it for keys. */}
              {/* biome-ignore lint/a11y/noStaticElementInteractions: beside the picture one leaves it, by pointer only. */}
              <div
                className={styles.stage}
                onClick={(event) => event.target === event.currentTarget && onIndex(null)}
              >
                <img
                  key={file.id}
                  src={parley.fileUrl(file.id)}
                  alt={file.name}
                  width={file.width}
                  height={file.height}
                />
              </div>
              {index > 0 ? (
                <span className={styles.before}>
                  <IconButton
                    icon={ChevronLeft}
                    size={24}
                    label={t('files.previous')}
                    onClick={() => go(-1)}
                  />
                </span>
              ) : null}
              {index < files.length - 1 ? (
                <span className={styles.after}>
                  <IconButton icon={ChevronRight} size={24} label={t('files.next')} onClick={() => go(1)} />
                </span>
              ) : null}
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
