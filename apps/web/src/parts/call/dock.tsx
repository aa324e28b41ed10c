import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCallPlace } from './call-place-context.ts'
import styles from './dock.module.css'
import { MiniCall } from './mini-call.tsx'
import { Notices } from './notices.tsx'
import { useTitleOfRoom } from './use-title-of-room.ts'

interface DockProps {
  readonly inOwnWindow: boolean
}

/** The call while other things are looked at: a small window in the corner, on a phone a bar above everything. */
export function Dock({ inOwnWindow }: DockProps) {
  const { t } = useTranslation('call')
  const { current } = useCallPlace()
  const title = useTitleOfRoom(current.call.room)
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    // It was shrunk by a key or a button that is gone now.
    if (document.activeElement === document.body)
      box.current?.querySelector<HTMLElement>('[data-large]')?.focus({ preventScroll: true })
  }, [])
  return (
    <section
      ref={box}
      className={styles.dock}
      data-call="dock"
      data-pictureless={inOwnWindow || undefined}
      aria-label={t('title', { room: title })}
    >
      <MiniCall pictureless={inOwnWindow} />
      <Notices />
    </section>
  )
}
