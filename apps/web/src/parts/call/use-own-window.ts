import { type RefObject, useEffect, useState } from 'react'

/** Chromium's way to put any part of a page above all other windows. */
interface DocumentPictureInPicture {
  requestWindow(options: { width: number; height: number }): Promise<Window>
}

export interface OwnWindowState {
  /** `document`: any part of the page; `video`: one picture; null: not in this browser. */
  readonly kind: 'document' | 'video' | null
  readonly open: Window | 'video' | null
  /** Opens or closes it, in answer to a click. */
  toggle(): Promise<void>
}

const SIZE = { width: 360, height: 260 }

const documentWindows = (): DocumentPictureInPicture | undefined =>
  (window as { documentPictureInPicture?: DocumentPictureInPicture }).documentPictureInPicture

function kindHere(): OwnWindowState['kind'] {
  if (documentWindows() !== undefined) return 'document'
  return document.pictureInPictureEnabled === true ? 'video' : null
}

/** Picture-in-picture, closed with the call. `video` is what is shown where a browser can show one picture only. */
export function useOwnWindow(video: RefObject<HTMLVideoElement | null>, onOpen: () => void): OwnWindowState {
  const [open, setOpen] = useState<Window | 'video' | null>(null)
  useEffect(() => {
    if (open === null) return
    const closed = () => setOpen(null)
    const element = video.current
    if (open === 'video') {
      element?.addEventListener('leavepictureinpicture', closed)
      return () => {
        element?.removeEventListener('leavepictureinpicture', closed)
        if (document.pictureInPictureElement === element) void document.exitPictureInPicture()
      }
    }
    open.addEventListener('pagehide', closed)
    return () => {
      open.removeEventListener('pagehide', closed)
      open.close()
    }
  }, [open, video])
  return {
    kind: kindHere(),
    open,
    async toggle() {
      if (open !== null) return setOpen(null)
      const own = await documentWindows()?.requestWindow(SIZE)
      if (own !== undefined) dress(own.document)
      else await video.current?.requestPictureInPicture()
      setOpen(own ?? 'video')
      onOpen()
    },
  }
}

/** Same styles, theme and language as the page. */
function dress(there: Document): void {
  const root = there.documentElement
  root.lang = document.documentElement.lang
  const { theme } = document.documentElement.dataset
  if (theme !== undefined) root.dataset.theme = theme
  there.title = document.title
  for (const sheet of document.querySelectorAll('link[rel="stylesheet"], style'))
    there.head.append(there.importNode(sheet, true))
}
