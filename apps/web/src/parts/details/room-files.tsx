import type { FileKind, SentFile } from '@parley/protocol'
import { ArrowLeft, Download, FileText, Film, Music } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { type Paged, usePaged } from '../../hooks/use-load.ts'
import { useUser } from '../../hooks/use-people.ts'
import { Button } from '../button.tsx'
import { Choices } from '../choices.tsx'
import { Empty, Failure } from '../empty.tsx'
import { formatBytes } from '../files/format-bytes.ts'
import { IconButton } from '../icon-button.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import styles from './details.module.css'
import { PictureGrid } from './picture-grid.tsx'
import { useReloadOn } from './use-reload-on.ts'

const kinds: readonly FileKind[] = ['picture', 'media', 'document']

interface RoomFilesProps {
  readonly room: string
  readonly version: string
  /** Goes to the message of one. */
  readonly onOpen: (seq: number) => void
  readonly onBack: () => void
}

/** Every file of the room, by kind, newest first. */
export function RoomFiles({ room, version, onOpen, onBack }: RoomFilesProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const [kind, setKind] = useState<FileKind>('picture')
  const list = usePaged<SentFile>(
    useCallback((cursor) => parley.files(room, { kind, cursor }), [parley, room, kind]),
  )
  useReloadOn(version, list.reload)
  const heading = useRef<HTMLHeadingElement>(null)
  // It took the place of what had the focus.
  useEffect(() => heading.current?.focus(), [])
  return (
    <div className={styles.scroll}>
      <div className={styles.filesBar}>
        <IconButton icon={ArrowLeft} label={t('action.back')} onClick={onBack} />
        <h3 ref={heading} tabIndex={-1} className={styles.filesTitle}>
          {t('details.files')}
        </h3>
      </div>
      <div className={styles.section}>
        <Choices
          name="file-kind"
          label={t('files.kind')}
          labelHidden
          value={kind}
          options={kinds.map((value) => ({ value, label: t(`files.kinds.${value}`) }))}
          onChoose={setKind}
        />
        <FileList kind={kind} list={list} onOpen={onOpen} />
      </div>
    </div>
  )
}

interface FileListProps {
  readonly kind: FileKind
  readonly list: Paged<SentFile>
  readonly onOpen: (seq: number) => void
}

function FileList({ kind, list, onOpen }: FileListProps) {
  const { t } = useTranslation()
  const { state } = list
  if (state.status === 'loading') return <SkeletonRows count={4} height={56} />
  if (state.status === 'error') return <Failure error={state.error} onRetry={list.reload} />
  if (state.value.length === 0)
    return <Empty icon={FileText} title={t(`files.none.${kind}`)} hint={t('files.noneHint')} />
  return (
    <>
      {kind === 'picture' ? (
        <PictureGrid files={state.value} onOpen={onOpen} />
      ) : (
        <ul>
          {state.value.map((one) => (
            <FileRow key={`${one.seq} ${one.file.id}`} sent={one} onOpen={onOpen} />
          ))}
        </ul>
      )}
      {list.hasMore ? (
        <Button look="ghost" busy={list.loadingMore} onClick={list.loadMore}>
          {t('action.showMore')}
        </Button>
      ) : null}
    </>
  )
}

function FileRow({ sent, onOpen }: { sent: SentFile; onOpen: (seq: number) => void }) {
  const { t, i18n } = useTranslation()
  const parley = useParley()
  const dates = useDates()
  const sender = useUser(sent.from)
  const { file } = sent
  const Icon = file.type.startsWith('video/') ? Film : file.type.startsWith('audio/') ? Music : FileText
  return (
    <li className={styles.pinRow}>
      <button type="button" className={styles.fileRow} onClick={() => onOpen(sent.seq)}>
        <span className={styles.fileIcon}>
          <Icon size={18} aria-hidden="true" />
        </span>
        <span className={styles.memberText}>
          <span className={styles.memberName}>{file.name}</span>
          <span className={styles.soft}>
            {formatBytes(file.bytes, i18n.resolvedLanguage ?? 'en')} ·{' '}
            {t('files.from', {
              name: sender?.display_name ?? t('conversation.unknownUser'),
              date: dates.short(sent.at),
            })}
          </span>
        </span>
      </button>
      <a
        className={styles.save}
        href={parley.fileUrl(file.id)}
        download={file.name}
        aria-label={t('files.download', { name: file.name })}
      >
        <Download size={17} aria-hidden="true" />
      </a>
    </li>
  )
}
