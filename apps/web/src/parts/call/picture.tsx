import { useLayoutEffect, useRef, useState } from 'react'
import { fitOf } from './grid-layout.ts'
import styles from './picture.module.css'

interface PictureProps {
  readonly stream: MediaStream | null
  /** Oneself, as in a mirror. */
  readonly mirrored?: boolean
  /** `auto`: whatever crops little. A screen is always shown whole. */
  readonly fit?: 'auto' | 'contain'
  readonly label?: string
}

/** A moving picture without its sound, which comes out elsewhere: so no browser refuses to play it. */
export function Picture({ stream, mirrored = false, fit = 'auto', label }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null)
  const [cover, setCover] = useState(true)
  useLayoutEffect(() => {
    const element = video.current
    if (element === null) return
    element.srcObject = stream
    // Rejects when it is taken off the page before it plays.
    void element.play().catch(() => undefined)
    return () => {
      element.srcObject = null
    }
  }, [stream])
  useLayoutEffect(() => {
    const element = video.current
    if (element === null) return
    const look = () =>
      setCover(
        fitOf(
          { width: element.videoWidth, height: element.videoHeight },
          { width: element.clientWidth, height: element.clientHeight },
        ) === 'cover',
      )
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('resize', look)
    return () => {
      observer.disconnect()
      element.removeEventListener('resize', look)
    }
  }, [])
  return (
    <video
      ref={video}
      className={styles.picture}
      data-mirrored={mirrored || undefined}
      data-fit={fit === 'contain' || !cover ? 'contain' : 'cover'}
      muted
      autoPlay
      playsInline
      disablePictureInPicture={mirrored}
      aria-label={label}
      aria-hidden={label === undefined || undefined}
      tabIndex={-1}
    />
  )
}
