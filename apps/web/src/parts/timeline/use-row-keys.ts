import type { KeyboardEvent, RefObject } from 'react'

/** The arrows walk from message to message; Enter opens what can be done with one. */
export function useRowKeys(scroller: RefObject<HTMLElement | null>, toEnd: () => void) {
  return (event: KeyboardEvent) => {
    const box = scroller.current
    const here = event.target
    if (box === null || !(here instanceof HTMLElement)) return
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const row = here.matches('[data-seq]') ? here : null
    if (here !== box && row === null) {
      // From what is inside a message back to it; menus are elsewhere in the document.
      if (event.key === 'Escape' && box.contains(here)) here.closest<HTMLElement>('[data-seq]')?.focus()
      return
    }
    if (event.key === 'End') {
      event.preventDefault()
      toEnd()
    }
    if (event.key === 'Enter' && row !== null) {
      event.preventDefault()
      row.querySelector<HTMLElement>('[data-more]')?.click()
    }
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const rows = [...box.querySelectorAll<HTMLElement>('[data-seq]')]
    const next = row === null ? lastVisible(rows, box) : rows[rows.indexOf(row) + step]
    next?.focus({ preventScroll: true })
    next?.scrollIntoView({ block: 'nearest' })
  }
}

function lastVisible(rows: readonly HTMLElement[], box: HTMLElement): HTMLElement | undefined {
  const { bottom } = box.getBoundingClientRect()
  return rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom + 1) ?? rows.at(-1)
}
