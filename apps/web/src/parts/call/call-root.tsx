import type { CurrentCall } from '@parley/sdk/calls/call-types'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCalls, useCallsState } from '../../hooks/use-calls.ts'
import { useMe } from '../../hooks/use-people.ts'
import { Button } from '../button.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './call-place.module.css'
import { CallPlace } from './call-place.tsx'
import { addCallTexts } from './call-texts.ts'
import { PreJoin } from './pre-join.tsx'
import { type PreJoinAsk, usePreJoin } from './pre-join-store.ts'

/** The dialog before a call, and the call itself. */
export default function CallRoot() {
  const { i18n } = useTranslation()
  useState(() => addCallTexts(i18n))
  const { current, entering } = useCallsState()
  const preJoin = usePreJoin()
  // Grows when somebody who is in the call asks for it again: then it is shown large.
  const [wanted, setWanted] = useState(0)
  const here = preJoin.ask !== null && current !== null && isAbout(preJoin.ask, current)
  useEffect(() => {
    if (!here) return
    preJoin.close()
    setWanted((one) => one + 1)
  }, [here, preJoin])
  const leave = useEnd(current)
  return (
    <>
      {preJoin.ask === null || here ? null : (
        <PreJoin key={Object.values(preJoin.ask).join(' ')} ask={preJoin.ask} onClose={preJoin.close} />
      )}
      {current === null ? null : (
        <CallPlace key={current.call.id} current={current} wanted={wanted} onLeave={leave} />
      )}
      {entering !== null && current === null && preJoin.ask === null ? <Entering /> : null}
    </>
  )
}

const isAbout = (ask: PreJoinAsk, { call }: CurrentCall): boolean =>
  'call' in ask ? ask.call === call.id : ask.room === call.room

/** Says what became of the call to whoever did not leave it here; returns what does that. */
function useEnd(current: CurrentCall | null): () => void {
  const { t } = useTranslation('call')
  const calls = useCalls()
  const me = useMe()
  const toasts = useToasts()
  const before = useRef<string | null>(null)
  const left = useRef<string | null>(null)
  const answered = useRef(false)
  const id = current?.call.id ?? null
  useEffect(() => {
    if (current !== null) answered.current = current.call.answered_at !== undefined
  }, [current])
  useEffect(() => {
    const was = before.current
    before.current = id
    if (was === null || id !== null || left.current === was) return
    const call = calls.get().calls.find((one) => one.id === was)
    const elsewhere = call?.participants.some(({ user, standing }) => user === me.id && standing === 'joined')
    // What became of one that nobody answered stands in the conversation.
    if (call === undefined && answered.current) toasts.tell(t('ended'))
    else if (elsewhere === true) toasts.tell(t('moved'))
  }, [id, calls, me.id, t, toasts])
  return () => {
    left.current = id
    void calls.leave()
  }
}

function Entering() {
  const { t } = useTranslation('call')
  const calls = useCalls()
  return (
    <div className={styles.entering} role="status">
      {t('joining')}
      <Button onClick={() => void calls.leave()}>{t('control.cancel')}</Button>
    </div>
  )
}
