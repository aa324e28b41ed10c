import { type RefObject, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCallPlace } from './call-place-context.ts'
import { ControlBar } from './control-bar.tsx'
import { Notices } from './notices.tsx'
import styles from './stage.module.css'
import { StageHead } from './stage-head.tsx'
import { Tiles } from './tiles.tsx'
import { useCover } from './use-cover.ts'
import { useFullScreen } from './use-full-screen.ts'
import { useTitleOfRoom } from './use-title-of-room.ts'

/** The call over the conversation; on a phone over everything. */
export function Stage() {
  const { t } = useTranslation('call')
  const { current, phone } = useCallPlace()
  const title = useTitleOfRoom(current.call.room)
  const fullScreen = useFullScreen()
  const box = useRef<HTMLElement>(null)
  useCover(phone || fullScreen.on)
  useEffect(() => box.current?.focus({ preventScroll: true }), [])
  useFreeSpaceBar(box)
  return (
    <section
      ref={box}
      className={styles.stage}
      data-call="stage"
      data-full={fullScreen.on || undefined}
      aria-label={t('title', { room: title })}
      tabIndex={-1}
    >
      <StageHead title={title} fullScreen={fullScreen} />
      <Notices />
      <Tiles />
      {/* Captions will be written here. */}
      <div className={styles.captions} />
      <ControlBar />
    </section>
  )
}

/** After a click with the mouse the space bar is for talking, and not for the button that was clicked. */
function useFreeSpaceBar(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const stage = box.current
    const onClick = ({ target, detail }: MouseEvent) => {
      const button = target instanceof Element ? target.closest('button:not([aria-haspopup])') : null
      // Keys click too, with a count of 0.
      if (detail > 0 && button === document.activeElement) stage?.focus({ preventScroll: true })
    }
    stage?.addEventListener('click', onClick)
    return () => stage?.removeEventListener('click', onClick)
  }, [box])
}
