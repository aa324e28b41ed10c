import type { RoomStorage } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Choices } from '../choices.tsx'
import { Confirm } from '../confirm.tsx'
import { useConversation } from '../conversation/context.ts'
import { Failure } from '../empty.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'

type Field = 'retention_days' | 'archive_days'
/** Days that are offered beside what the room has already. */
const OFFERED = { retention_days: [7, 30, 90, 365], archive_days: [30, 90, 365] } as const
const SERVER = 'server'

/** How long the room keeps its messages: told to everybody, chosen by its moderators. */
export function StorageChoice({ room }: { room: RoomState }) {
  const { t } = useTranslation()
  const parley = useParley()
  const { rights } = useConversation()
  const { state, reload } = useLoad(useCallback(() => parley.roomStorage(room.id), [parley, room.id]))
  const [changed, setChanged] = useState<RoomStorage>()
  const storage = changed ?? (state.status === 'ready' ? state.value : undefined)
  const days = storage?.retention_days ?? storage?.server.retention_days ?? null
  const mayChoose = rights.moderate && room.kind !== 'direct'
  return (
    <section className={styles.section} aria-labelledby="details-storage">
      <h3 id="details-storage" className={styles.sectionTitle}>
        {t('storage.title')}
      </h3>
      {state.status === 'error' ? <Failure error={state.error} onRetry={reload} /> : null}
      {storage === undefined ? null : (
        <p className={styles.hint}>
          {days === null ? t('storage.forEver') : t('storage.until', { count: days })}
        </p>
      )}
      {mayChoose && storage !== undefined ? (
        <Chooser room={room.id} storage={storage} onChanged={setChanged} />
      ) : null}
    </section>
  )
}

interface ChooserProps {
  readonly room: string
  readonly storage: RoomStorage
  readonly onChanged: (storage: RoomStorage) => void
}

function Chooser({ room, storage, onChanged }: ChooserProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  /** Asked before it deletes. */
  const [asking, setAsking] = useState<number>()
  const save = async (field: Field, days: number | null) => {
    onChanged(await parley.setRoomStorage(room, { [field]: days }))
    toasts.tell(t('storage.changed'))
  }
  const choose = (field: Field, value: string) => {
    const days = value === SERVER ? null : Number(value)
    if (field === 'retention_days' && days !== null && days < (storage.retention_days ?? Infinity))
      setAsking(days)
    else save(field, days).catch(toasts.fail)
  }
  const choices = (field: Field) => ({
    name: field,
    value: `${storage[field] ?? SERVER}`,
    options: daysOf(storage, field).map((days) => ({
      value: `${days ?? SERVER}`,
      label: days === null ? t('storage.server', { what: say(storage.server[field]) }) : say(days),
    })),
    onChoose: (value: string) => choose(field, value),
  })
  const say = (days: number | null) =>
    days === null ? t('storage.never') : t('storage.after', { count: days })
  return (
    <div className={styles.storage}>
      <Choices label={t('storage.retention')} {...choices('retention_days')} />
      {storage.server.archive_days === null ? null : (
        <div>
          <Choices label={t('storage.archive')} {...choices('archive_days')} />
          <p className={styles.hint}>{t('storage.archiveHint')}</p>
        </div>
      )}
      <Confirm
        open={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={t('storage.confirmTitle')}
        text={t('storage.confirm', { count: asking ?? 0 })}
        action={t('storage.confirmAction')}
        onConfirm={() => save('retention_days', asking ?? null)}
      />
    </div>
  )
}

/** Null is the server's; nothing beyond it can be chosen. */
function daysOf(storage: RoomStorage, field: Field): (number | null)[] {
  const own = storage[field]
  const max = storage.server[field] ?? Infinity
  const days = new Set<number>(OFFERED[field].filter((one) => one < max))
  if (own !== null) days.add(own)
  return [null, ...[...days].sort((a, b) => a - b)]
}
