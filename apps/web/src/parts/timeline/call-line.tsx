import type { TimelineCall } from '@parley/sdk/api'
import { Phone, PhoneCall, PhoneMissed, PhoneOff, Video } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useCalls } from '../../hooks/use-calls.ts'
import { useDates } from '../../hooks/use-dates.ts'
import { useMe, useUser } from '../../hooks/use-people.ts'
import { useStore } from '../../hooks/use-store.ts'
import { useOpenPreJoin } from '../call/pre-join-store.ts'
import { useConversation } from '../conversation/context.ts'
import { useAroundTexts } from '../ringing/around-texts.ts'
import { useMayStartCall } from '../ringing/may-call.ts'
import { presentIn, useFromCalls } from '../ringing/use-call-of.ts'
import { useNames } from '../ringing/use-names.ts'
import styles from './call-line.module.css'
import { type CallLineWords, callLineWords, lengthWords } from './call-line-words.ts'
import shared from './timeline.module.css'

/** A call in one quiet line, which changes while it goes on. */
export function CallLine({ call }: { call: TimelineCall }) {
  const dates = useDates()
  const me = useMe().id
  const { kind } = useConversation()
  const open = useFromCalls(({ calls }) => calls.find(({ id }) => id === call.call))
  const going = open === undefined ? 'no' : open.answered_at === undefined ? 'ringing' : 'answered'
  const words = callLineWords(call, { me, direct: kind === 'direct', going })
  const text = useSentence(call, words)
  const present = open !== undefined && words.icon === 'going' ? presentIn(open) : call.users
  const people = useNames(words.people ? present : [])
  const Icon = iconOf(words, call)
  return (
    <div className={shared.notice} data-call={words.icon}>
      <Icon size={14} aria-hidden="true" className={styles.icon} />
      <p className={styles.words}>
        <span className={styles.text}>{text}</span>
        {people === '' ? null : <span className={styles.people}>{people}</span>}
      </p>
      <time className={shared.noticeTime} dateTime={new Date(call.at).toISOString()}>
        {dates.time(call.at)}
      </time>
      <Action call={call} action={words.action} />
    </div>
  )
}

function iconOf({ icon }: CallLineWords, { media }: TimelineCall) {
  if (icon === 'missed') return PhoneMissed
  if (icon === 'refused') return PhoneOff
  if (media === 'video') return Video
  return icon === 'going' ? PhoneCall : Phone
}

function useSentence({ from, end }: TimelineCall, { key }: CallLineWords): string {
  const { t } = useAroundTexts()
  const { t: common } = useTranslation()
  const me = useMe().id
  const room = useRoom()
  // Of the one who called, or of the one whom I called.
  const user = useUser(from === me ? room?.peer?.id : from)
  const name = user?.display_name ?? common('conversation.unknownUser')
  const { key: unit, ...numbers } = lengthWords(end?.duration_ms ?? 0)
  return t(`line.${key}`, { name, length: t(`length.${unit}`, numbers) })
}

function useRoom() {
  const parley = useParley()
  const { room } = useConversation()
  return useStore(useMemo(() => parley.room(room), [parley, room]))
}

function Action({ call: { call, media }, action }: { call: TimelineCall; action: CallLineWords['action'] }) {
  const { t } = useAroundTexts()
  const room = useRoom()
  const calls = useCalls()
  const openPreJoin = useOpenPreJoin()
  const mayStart = useMayStartCall(room?.me?.role)
  const me = useMe().id
  // Here or on another device.
  const isIn = useFromCalls(({ calls: open }) =>
    open.some((one) => one.id === call && presentIn(one).includes(me)),
  )
  const busy = useFromCalls(({ current, calls: open }) =>
    current !== null ? true : open.some((one) => one.room === room?.id),
  )
  if (action === null || room === undefined || !calls.supported) return null
  if (action === 'join')
    return isIn ? null : (
      <button
        type="button"
        className={styles.action}
        aria-label={t('line.joinLabel')}
        onClick={() => openPreJoin({ call })}
      >
        {t('line.join')}
      </button>
    )
  // One calls again when nothing goes on.
  return !mayStart || busy ? null : (
    <button type="button" className={styles.action} onClick={() => openPreJoin({ room: room.id, media })}>
      {t(`line.${action}`)}
    </button>
  )
}
