import { useEffect, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import styles from './ringing.module.css'
import { RingingCard } from './ringing-card.tsx'
import { useFromCalls } from './use-call-of.ts'

/** What rings, above everything: dialogs, a call that one is in, even a picture that fills the screen. */
export default function Ringing() {
  const ringing = useFromCalls((state) => state.ringing)
  const place = useRef<HTMLDivElement>(null)
  const count = ringing.length
  useLayoutEffect(() => {
    const element = place.current
    // Shown anew with each call: what is shown last is on top.
    if (count === 0 || element?.showPopover === undefined) return
    element.showPopover()
    return () => element.hidePopover()
  }, [count])
  useFocus(place)
  // Beside the page: an open dialog hides the page from screen readers.
  return createPortal(
    <div ref={place} popover="manual" className={styles.place}>
      {ringing.map((call) => (
        <RingingCard key={call.id} call={call} />
      ))}
    </div>,
    document.body,
  )
}

const TYPING = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])'

/** Takes the focus from nobody who types; F6 leads to it. Gives it back where it was. */
function useFocus(place: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const before = document.activeElement
    const focus = () => place.current?.querySelector<HTMLElement>('[data-ringing]')?.focus()
    const typing = before instanceof HTMLElement && before.closest(TYPING) !== null
    if (!typing) focus()
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      event.stopPropagation()
      focus()
    }
    document.addEventListener('keydown', onKey, true)
    const element = place.current
    return () => {
      document.removeEventListener('keydown', onKey, true)
      const here = document.activeElement
      const isOurs = here === null || here === document.body || element?.contains(here) === true
      if (isOurs && before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [place])
}
