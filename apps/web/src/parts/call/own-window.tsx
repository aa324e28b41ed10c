import { type RefObject, useLayoutEffect } from 'react'
import { createPortal } from 'react-dom'
import { useCallPlace } from './call-place-context.ts'
import styles from './dock.module.css'
import { MiniCall } from './mini-call.tsx'
import { useMiniTile } from './use-mini-tile.ts'
import { useSomeone } from './use-someone.ts'

/** The small call in a window of its own. */
export function OwnWindow({ window }: { window: Window }) {
  return createPortal(
    <div className={styles.own}>
      <MiniCall inOwnWindow />
    </div>,
    window.document.body,
  )
}

/** Stays the same whatever is on the screen, because the browser shows this very element above other windows. */
export function OwnVideo({ video }: { video: RefObject<HTMLVideoElement | null> }) {
  const { current } = useCallPlace()
  const stream = useSomeone(current, useMiniTile())?.stream ?? null
  useLayoutEffect(() => {
    const element = video.current
    if (element === null) return
    element.srcObject = stream
    if (stream !== null) void element.play().catch(() => undefined)
  }, [stream, video])
  return <video ref={video} className="hidden" muted autoPlay playsInline aria-hidden="true" tabIndex={-1} />
}
