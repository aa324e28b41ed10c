import { type FormEvent, useState } from 'react'
import { errorField, useErrorText } from './use-error-text.ts'

export type FieldErrors = Readonly<Record<string, string | undefined>>

export interface FormState {
  readonly errors: FieldErrors
  /** What concerns the whole form. */
  readonly error: string | undefined
  readonly busy: boolean
  onSubmit(event: FormEvent<HTMLFormElement>): void
  clear(field: string): void
}

interface FormOptions {
  /** Sentences by field; nothing is sent while there is one. */
  readonly check: () => FieldErrors
  readonly send: () => Promise<void>
  /** For an `invalid_request` about a field: what to say there. */
  readonly refused: string
  readonly fields: readonly string[]
}

/** Checks, sends, and puts each error where it belongs: at its field, or above the form. */
export function useForm({ check, send, refused, fields }: FormOptions): FormState {
  const [errors, setErrors] = useState<FieldErrors>({})
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const text = useErrorText()

  const fail = (cause: unknown) => {
    const field = errorField(cause)
    if (field === undefined || !fields.includes(field)) return setError(text(cause))
    const isRefusal =
      typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'invalid_request'
    setErrors({ [field]: isRefusal ? refused : text(cause) })
  }
  return {
    errors,
    error,
    busy,
    clear: (field) => setErrors((before) => ({ ...before, [field]: undefined })),
    onSubmit(event) {
      event.preventDefault()
      const form = event.currentTarget
      const found = check()
      const first = fields.find((field) => found[field] !== undefined)
      setErrors(found)
      setError(undefined)
      if (first !== undefined) {
        const control = form.elements.namedItem(first)
        if (control instanceof HTMLElement) control.focus()
        return
      }
      setBusy(true)
      send()
        .catch(fail)
        .finally(() => setBusy(false))
    },
  }
}
