import type { RoomState, Timeline, TimelineCall } from '@parley/sdk/api'
import { PhoneCall, PhoneOff, X } from 'lucide-react'
import { type ReactNode, useCallback, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useCalls } from '../../hooks/use-calls.ts'
import { useMe, usePresence } from '../../hooks/use-people.ts'
import { Button } from '../button.tsx'
import { useOpenPreJoin } from '../call/pre-join-store.ts'
import { IconButton } from '../icon-button.tsx'
import { useAroundTexts } from './around-texts.ts'
import { type BannerState, bannerState } from './banner-state.ts'
import styles from './call-banner.module.css'
import { useMayStartCall } from './may-call.ts'
import { useCallOf, useFromCalls } from './use-call-of.ts'
import { useNames } from './use-names.ts'

/** That a call goes on here, with the way into it; and between two, how one's own calling goes. */
export function CallBanner({ room, timeline }: { room: RoomState; timeline: Timeline }) {
  const me = useMe().id
  const call = useCallOf(room.id)
  const here = useFromCalls(({ current }) => current?.call.room === room.id)
  const [tried, forget] = useTried(room.id, timeline, me)
  const direct = room.kind === 'direct'
  const state = bannerState({ me, direct, call, here, tried: here ? undefined : tried })
  return (
    <div role="status">
      {state.kind === 'outcome' ? (
        <Outcome room={room} reason={state.reason} media={tried?.media ?? 'sound'} onClose={forget} />
      ) : state.kind === 'none' ? null : (
        <Going room={room} state={state} call={call?.id ?? ''} />
      )}
    </div>
  )
}

type GoingState = Exclude<BannerState, { kind: 'none' | 'outcome' }>

function Going({ room, state, call }: { room: RoomState; state: GoingState; call: string }) {
  const { t } = useAroundTexts()
  const names = useNames(state.kind === 'going' ? state.people : [])
  const presence = usePresence(room.peer?.id)
  const supported = useCalls().supported
  // The card that rings lies above, with the same way in.
  const rings = useFromCalls(({ ringing }) => ringing.some(({ id }) => id === call))
  const openPreJoin = useOpenPreJoin()
  const name = useName(room)
  if (state.kind === 'calling')
    return (
      <Banner text={t('banner.calling', { name })}>
        <span className={styles.soft}>
          {t(presence?.state === 'offline' ? 'banner.offline' : 'banner.rings')}
        </span>
      </Banner>
    )
  return (
    <Banner text={t(state.kind === 'elsewhere' ? 'banner.elsewhere' : 'banner.going')} soft={names}>
      {rings ? null : supported ? (
        <Button look="primary" onClick={() => openPreJoin({ call })}>
          {t(state.kind === 'elsewhere' ? 'banner.continueHere' : 'line.join')}
        </Button>
      ) : (
        <span className={styles.soft}>{t('banner.unsupported')}</span>
      )}
    </Banner>
  )
}

interface OutcomeProps {
  readonly room: RoomState
  readonly reason: 'noAnswer' | 'declined' | 'busy'
  readonly media: TimelineCall['media']
  readonly onClose: () => void
}

function Outcome({ room, reason, media, onClose }: OutcomeProps) {
  const { t } = useAroundTexts()
  const { t: common } = useTranslation()
  const openPreJoin = useOpenPreJoin()
  const may = useMayStartCall(room.me?.role)
  return (
    <Banner over text={t(`banner.outcome.${reason}`, { name: useName(room) })}>
      {may ? <Button onClick={() => openPreJoin({ room: room.id, media })}>{t('line.again')}</Button> : null}
      <IconButton icon={X} small label={common('action.close')} onClick={onClose} />
    </Banner>
  )
}

function useName(room: RoomState): string {
  const { t } = useTranslation()
  return room.peer?.display_name ?? t('conversation.unknownUser')
}

interface BannerProps {
  readonly text: string
  readonly soft?: string
  readonly over?: boolean
  readonly children: ReactNode
}

function Banner({ text, soft = '', over = false, children }: BannerProps) {
  const Icon = over ? PhoneOff : PhoneCall
  return (
    <div className={styles.banner} data-over={over || undefined}>
      <Icon size={16} aria-hidden="true" className={styles.icon} />
      <p className={styles.text}>
        <span className={styles.title}>{text}</span> <span className={styles.soft}>{soft}</span>
      </p>
      {children}
    </div>
  )
}

/** The last call here that this tab started, once the log tells it; until it is closed or another one begins. */
function useTried(room: string, timeline: Timeline, me: string) {
  const mine = useFromCalls(({ current }) =>
    current?.call.room === room && current.call.started_by === me ? current.call.id : null,
  )
  const [id, setId] = useState<string | null>(null)
  if (mine !== null && mine !== id) setId(mine)
  const find = useCallback((): TimelineCall | undefined => {
    if (id === null) return undefined
    const found = timeline.get().items.findLast((item) => item.type === 'call' && item.call === id)
    return found?.type === 'call' ? found : undefined
  }, [timeline, id])
  const tried = useSyncExternalStore(timeline.subscribe, find)
  return [tried, () => setId(null)] as const
}
