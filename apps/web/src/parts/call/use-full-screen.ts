import { useSyncExternalStore } from 'react'

export interface FullScreen {
  readonly possible: boolean
  readonly on: boolean
  toggle(): void
  leave(): void
}

function subscribe(listener: () => void): () => void {
  document.addEventListener('fullscreenchange', listener)
  return () => document.removeEventListener('fullscreenchange', listener)
}

/** The whole page, not the stage alone: menus and hints lie beside it. */
export function useFullScreen(): FullScreen {
  const on = useSyncExternalStore(subscribe, () => document.fullscreenElement !== null)
  const leave = () => {
    if (document.fullscreenElement !== null) void document.exitFullscreen()
  }
  return {
    possible: document.fullscreenEnabled === true,
    on,
    leave,
    // A refusal leaves everything as it is, which is seen.
    toggle: () => (on ? leave() : void document.documentElement.requestFullscreen().catch(() => undefined)),
  }
}
