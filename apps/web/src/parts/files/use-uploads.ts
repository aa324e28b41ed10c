import { FILES_PER_MESSAGE_MAX, type FileShape } from '@parley/protocol'
import type { NewFile } from '@parley/sdk/api'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { errorPasses, useErrorText } from '../../hooks/use-error-text.ts'
import { useToasts } from '../toasts.tsx'

/** A file that was chosen for the next message. */
export interface Attachment {
  readonly key: number
  readonly source: File
  readonly name: string
  readonly bytes: number
  /** A picture's own bytes, shown until it is sent. */
  readonly preview: string | null
  /** How much of it is at the server, 0 to 1. */
  readonly part: number
  readonly file: FileShape | null
  readonly error: string | null
  /** The line, not the file, is to blame: the message may go, and the file is uploaded when it can be. */
  readonly passes: boolean
}

export interface Uploads {
  readonly items: readonly Attachment[]
  /** For the message. */
  readonly files: readonly NewFile[]
  /** What is not uploaded yet is more than this device keeps. */
  tooMuch(): boolean
  /** Something was refused, or has to be uploaded before the message is sent. */
  blocked(): boolean
  add(files: readonly File[]): void
  retry(key: number): void
  /** Cancels it, or takes it out again. */
  remove(key: number): void
  /** After the message was sent. */
  clear(): void
}

interface Running {
  readonly source: File
  readonly abort: AbortController
}

/** What browsers draw. */
export const isPreviewable = (type: string): boolean => /^image\/(png|jpeg|gif|webp|avif)$/.test(type)

const toAttachment = (source: File, key: number): Attachment => ({
  key,
  source,
  name: source.name,
  bytes: source.size,
  preview: isPreviewable(source.type) ? URL.createObjectURL(source) : null,
  part: 0,
  file: null,
  error: null,
  passes: false,
})

/** Uploads for one room's composer; what is still going on ends with it. */
export function useUploads(): Uploads {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const errorText = useErrorText()
  const [items, setItems] = useState<readonly Attachment[]>([])
  const running = useRef(new Map<number, Running>())
  const count = useRef(0)

  const change = useCallback((key: number, changes: Partial<Attachment>) => {
    setItems((before) => before.map((item) => (item.key === key ? { ...item, ...changes } : item)))
  }, [])
  const start = useCallback(
    (key: number, source: File) => {
      const abort = new AbortController()
      running.current.set(key, { source, abort })
      change(key, { part: 0, error: null, passes: false })
      parley
        .upload(source, { signal: abort.signal, onProgress: (part) => change(key, { part }) })
        .then((file) => change(key, { file, part: 1 }))
        .catch((error: unknown) => {
          if (!abort.signal.aborted) change(key, { error: errorText(error), passes: errorPasses(error) })
        })
    },
    [parley, change, errorText],
  )
  const forget = useCallback((key: number, preview: string | null) => {
    running.current.get(key)?.abort.abort()
    running.current.delete(key)
    if (preview !== null) URL.revokeObjectURL(preview)
  }, [])
  const shown = useRef(items)
  shown.current = items
  useEffect(
    () => () => {
      for (const { key, preview } of shown.current) forget(key, preview)
    },
    [forget],
  )

  const tooMuch = useCallback(() => {
    const left = items.flatMap(({ source, file }) => (file === null ? [source] : []))
    return left.length > 0 && !parley.canKeep(left)
  }, [items, parley])

  return useMemo(
    () => ({
      items,
      files: items.map(({ source, file }) => (file === null ? { source } : { source, file })),
      tooMuch,
      blocked: () => items.some(({ error, passes }) => error !== null && !passes) || tooMuch(),
      add(files) {
        const free = FILES_PER_MESSAGE_MAX - items.length
        if (files.length > free) toasts.tell(t('files.tooMany', { count: FILES_PER_MESSAGE_MAX }))
        const added = files.slice(0, free).map((source) => toAttachment(source, ++count.current))
        setItems((before) => [...before, ...added])
        for (const { key, source } of added) start(key, source)
      },
      retry(key) {
        const found = running.current.get(key)
        if (found !== undefined) start(key, found.source)
      },
      remove(key) {
        const found = items.find((item) => item.key === key)
        forget(key, found?.preview ?? null)
        setItems((before) => before.filter((item) => item.key !== key))
      },
      clear() {
        for (const { key, preview } of items) forget(key, preview)
        setItems([])
      },
    }),
    [items, tooMuch, start, forget, toasts, t],
  )
}
