/** Ways to draw somebody's eye to a call while they look elsewhere. Each returns its end. */

const FLASH_MS = 1_000

/** The tab's title changes between what it says and `text`. Whatever else changes it meanwhile is kept. */
export function flashTitle(page: Pick<Document, 'title'>, text: string): () => void {
  let before = page.title
  const flash = () => {
    if (page.title === text) page.title = before
    else {
      before = page.title
      page.title = text
    }
  }
  flash()
  const timer = setInterval(flash, FLASH_MS)
  return () => {
    clearInterval(timer)
    if (page.title === text) page.title = before
  }
}

const PATTERN_MS = [400, 200, 400]
const VIBRATE_EVERY_MS = 3_000

/** On phones; a browser that nobody touched yet does nothing. */
export function vibrate(device: Partial<Pick<Navigator, 'vibrate'>>): () => void {
  const shake = () => device.vibrate?.(PATTERN_MS)
  shake()
  const timer = setInterval(shake, VIBRATE_EVERY_MS)
  return () => {
    clearInterval(timer)
    device.vibrate?.(0)
  }
}

/**
 * Says it in the system's way while nobody looks at the page, if the person allowed that before. A click brings the page back.
 * Browsers on phones want it to come from a service worker; there it is left to the push.
 */
export function notify(title: string, options: NotificationOptions, onClick: () => void): () => void {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return () => undefined
  let shown: Notification | undefined
  const show = () => {
    if ((!document.hidden && document.hasFocus()) || shown !== undefined) return
    try {
      shown = new Notification(title, options)
      shown.onclick = () => {
        window.focus()
        onClick()
        shown?.close()
      }
    } catch {
      // Not from a page, says a phone.
    }
  }
  show()
  document.addEventListener('visibilitychange', show)
  window.addEventListener('blur', show)
  return () => {
    document.removeEventListener('visibilitychange', show)
    window.removeEventListener('blur', show)
    shown?.close()
  }
}

/** Whoever answers or declines in one page is not rung at by the next one until the server has told it. */
const NEXT_AFTER_MS = 1_500

/** Runs `work` in one of the pages of this browser only; another one goes on where this one is closed. */
export function inOnePage(locks: LockManager | undefined, name: string, work: () => () => void): () => void {
  if (locks === undefined) return work()
  const over = new AbortController()
  let isFirst = true
  const held = (): Promise<void> =>
    new Promise((resolve) => {
      let end: (() => void) | undefined
      const begin = () => {
        end = work()
      }
      const timer = setTimeout(begin, isFirst ? 0 : NEXT_AFTER_MS)
      const stop = () => {
        clearTimeout(timer)
        end?.()
        resolve()
      }
      if (over.signal.aborted) stop()
      else over.signal.addEventListener('abort', stop)
    })
  // At once if nobody has it, else when it is free.
  const take = async () => {
    const had = await locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await held()
      return lock !== null
    })
    if (had || over.signal.aborted) return
    isFirst = false
    await locks.request(name, { signal: over.signal }, held)
  }
  take().catch(() => undefined)
  return () => over.abort()
}
