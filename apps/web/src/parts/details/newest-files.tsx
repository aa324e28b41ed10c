import type { SentFile } from '@parley/protocol'
import { useCallback, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Button } from '../button.tsx'
import { Failure } from '../empty.tsx'
import { isPicture } from '../files/message-files.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import styles from './details.module.css'
import { PictureGrid } from './picture-grid.tsx'
import { useReloadOn } from './use-reload-on.ts'

/** One row of the pane. */
const fewPictures = 4

interface NewestFilesProps {
  readonly room: string
  readonly version: string
  readonly onOpen: (seq: number) => void
  /** From all files: the focus goes back to where it came from. */
  readonly returned: boolean
  readonly onAll: () => void
}

/** The last pictures, and the way to all files. */
export function NewestFiles({ room, version, onOpen, returned, onAll }: NewestFilesProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const { state, reload } = useLoad(useCallback(() => parley.files(room), [parley, room]))
  useReloadOn(version, reload)
  const all = useRef<HTMLButtonElement>(null)
  const { status } = state
  useEffect(() => {
    if (returned && status === 'ready') all.current?.focus()
  }, [returned, status])
  return (
    <section className={styles.section} aria-labelledby="details-files">
      <h3 id="details-files" className={styles.sectionTitle}>
        {t('details.files')}
      </h3>
      {state.status === 'loading' ? <SkeletonRows count={1} height={48} /> : null}
      {state.status === 'error' ? <Failure error={state.error} onRetry={reload} /> : null}
      {state.status === 'ready' && state.value.items.length === 0 ? (
        <p className={styles.hint}>{t('files.noneHint')}</p>
      ) : null}
      {state.status === 'ready' && state.value.items.length > 0 ? (
        <>
          <PictureGrid files={newestPictures(state.value.items)} onOpen={onOpen} />
          <Button ref={all} look="ghost" onClick={onAll}>
            {t('details.allFiles')}
          </Button>
        </>
      ) : null}
    </section>
  )
}

function newestPictures(files: readonly SentFile[]): readonly SentFile[] {
  return files.filter(({ file }) => isPicture(file)).slice(0, fewPictures)
}
