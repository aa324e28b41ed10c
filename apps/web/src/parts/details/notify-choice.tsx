import type { NotifyLevel } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Choices } from '../choices.tsx'
import { Failure } from '../empty.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'

/** In a conversation of two everything concerns me. */
const levelsOf = (kind: RoomState['kind']): readonly NotifyLevel[] =>
  kind === 'direct' ? ['mentions', 'none'] : ['all', 'mentions', 'none']

/** What one wants to hear of from this room. */
export function NotifyChoice({ room }: { room: RoomState }) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const { state, reload } = useLoad(useCallback(() => parley.notifyLevel(room.id), [parley, room.id]))
  const [chosen, setChosen] = useState<NotifyLevel>()
  const choose = (level: NotifyLevel) => {
    setChosen(level)
    parley.setNotifyLevel(room.id, level).catch((error: unknown) => {
      setChosen(undefined)
      toasts.fail(error)
    })
  }
  const kind = room.kind === 'direct' ? 'direct' : 'group'
  const stored = state.status === 'ready' ? state.value : undefined
  return (
    <section className={styles.section} aria-labelledby="details-notify">
      <h3 id="details-notify" className={styles.sectionTitle}>
        {t('details.notify')}
      </h3>
      {state.status === 'error' ? (
        <Failure error={state.error} onRetry={reload} />
      ) : (
        <Choices
          name="notify"
          label={t('details.notify')}
          labelHidden
          value={chosen ?? (kind === 'direct' && stored === 'all' ? 'mentions' : stored)}
          disabled={stored === undefined}
          options={levelsOf(room.kind).map((value) => ({
            value,
            label: t(
              kind === 'direct' && value === 'mentions'
                ? 'details.notifyLevels.all'
                : `details.notifyLevels.${value}`,
            ),
          }))}
          onChoose={choose}
        />
      )}
    </section>
  )
}
