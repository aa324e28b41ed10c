import { type RefObject, useEffect } from 'react'

const keysUp = new Set(['ArrowUp', 'PageUp', 'Home'])

/**
 * Tells when a person begins to move up. Asking where the view stands is not enough: where messages arrive in
 * every frame, following the end takes back each small step before anybody could see it.
 */
export function useLeaving(scroller: RefObject<HTMLElement | null>, onLeave: () => void): void {
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    let fingerY = 0
    const listeners = new AbortController()
    const options = { passive: true, signal: listeners.signal }
    element.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && onLeave(), options)
    element.addEventListener('keydown', ({ key }) => keysUp.has(key) && onLeave(), options)
    // The element itself is under the pointer where its scrollbar is.
    element.addEventListener('pointerdown', ({ target }) => target === element && onLeave(), options)
    const onTouch = ({ touches }: TouchEvent) => {
      const y = touches[0]?.clientY ?? 0
      if (y > fingerY) onLeave()
      fingerY = y
    }
    const onTouchStart = ({ touches }: TouchEvent) => {
      fingerY = touches[0]?.clientY ?? 0
    }
    element.addEventListener('touchstart', onTouchStart, options)
    element.addEventListener('touchmove', onTouch, options)
    return () => listeners.abort()
  }, [scroller, onLeave])
}
