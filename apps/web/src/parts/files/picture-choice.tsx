import type { FileShape } from '@parley/protocol'
import { useRef, useState } from 'react'
import { useParley } from '../../app/context.ts'
import { Button } from '../button.tsx'
import { useToasts } from '../toasts.tsx'

interface PictureChoiceProps {
  /** There is one to be taken away. */
  readonly present: boolean
  readonly choose: string
  readonly remove: string
  /** Rejects with what is told to the person. */
  readonly onChange: (file: FileShape | null) => Promise<void>
}

/** Uploads a picture that stands for somebody or something, or takes it away. */
export function PictureChoice({ present, choose, remove, onChange }: PictureChoiceProps) {
  const parley = useParley()
  const toasts = useToasts()
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const change = async (picture: File | null) => {
    setBusy(true)
    try {
      await onChange(picture === null ? null : await parley.upload(picture))
    } catch (error) {
      toasts.fail(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button busy={busy} onClick={() => input.current?.click()}>
        {choose}
      </Button>
      {present ? (
        <Button look="ghost" disabled={busy} onClick={() => void change(null)}>
          {remove}
        </Button>
      ) : null}
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp,image/avif"
        hidden
        aria-hidden="true"
        tabIndex={-1}
        data-avatar=""
        onChange={(event) => {
          const [picture] = event.target.files ?? []
          // The same one can be chosen again.
          event.target.value = ''
          if (picture !== undefined) void change(picture)
        }}
      />
    </>
  )
}
