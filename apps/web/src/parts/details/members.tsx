import type { Member } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { usePaged } from '../../hooks/use-load.ts'
import { useWatch } from '../../hooks/use-people.ts'
import { Button } from '../button.tsx'
import { Confirm } from '../confirm.tsx'
import { useConversation } from '../conversation/context.ts'
import { Failure } from '../empty.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import { AddMember } from './add-member.tsx'
import styles from './details.module.css'
import { MemberRow } from './member-row.tsx'
import { useReloadOn } from './use-reload-on.ts'

export interface Sending {
  readonly member: Member
  readonly how: 'remove' | 'ban'
}

/** Presence is asked for no more than the server watches for one connection, with room for the rest. */
const watchedMost = 200

export function Members({ room, version }: { room: RoomState; version: string }) {
  const { t } = useTranslation()
  const parley = useParley()
  const { rights } = useConversation()
  const paged = usePaged(useCallback((cursor?: string) => parley.members(room.id, cursor), [parley, room.id]))
  const { state, reload } = paged
  useReloadOn(`${version} ${room.member_count}`, reload)
  const [sending, setSending] = useState<Sending | null>(null)
  const members = state.status === 'ready' ? state.value : undefined
  useWatch(useMemo(() => (members ?? []).slice(0, watchedMost).map(({ user }) => user.id), [members]))
  return (
    <section className={styles.section} aria-labelledby="details-members">
      <h3 id="details-members" className={styles.sectionTitle}>
        {t('details.members')} <span className={styles.count}>{room.member_count}</span>
      </h3>
      {rights.write ? <AddMember room={room.id} onAdded={reload} /> : null}
      {state.status === 'loading' ? <SkeletonRows count={4} height={52} /> : null}
      {state.status === 'error' ? <Failure error={state.error} onRetry={reload} /> : null}
      <ul>
        {members?.map((member) => (
          <MemberRow key={member.user.id} room={room} member={member} onSend={setSending} onChange={reload} />
        ))}
      </ul>
      {paged.hasMore ? (
        <Button look="ghost" busy={paged.loadingMore} onClick={paged.loadMore}>
          {t('action.showMore')}
        </Button>
      ) : null}
      <SendAway room={room.id} sending={sending} onClose={() => setSending(null)} onDone={reload} />
    </section>
  )
}

interface SendAwayProps {
  readonly room: string
  readonly sending: Sending | null
  readonly onClose: () => void
  readonly onDone: () => void
}

function SendAway({ room, sending, onClose, onDone }: SendAwayProps) {
  const { t } = useTranslation()
  const parley = useParley()
  const name = sending?.member.user.display_name ?? ''
  const ban = sending?.how === 'ban'
  return (
    <Confirm
      open={sending !== null}
      onClose={onClose}
      title={ban ? t('details.banTitle', { name }) : t('details.removeTitle', { name })}
      text={t(ban ? 'details.banText' : 'details.removeText')}
      action={t(ban ? 'details.ban' : 'action.remove')}
      onConfirm={async () => {
        if (sending === null) return
        const send = ban ? parley.banMember : parley.removeMember
        await send(room, sending.member.user.id)
        onDone()
      }}
    />
  )
}
