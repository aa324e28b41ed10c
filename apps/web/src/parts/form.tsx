import type { ReactNode } from 'react'
import type { FormState } from '../hooks/use-form.ts'
import styles from './form.module.css'

/** A form with what concerns all of it said on top; what concerns a field stands at the field. */
export function Form({
  state,
  className,
  children,
}: {
  state: FormState
  className?: string | undefined
  children: ReactNode
}) {
  return (
    <form className={[styles.form, className].filter(Boolean).join(' ')} onSubmit={state.onSubmit} noValidate>
      {state.error === undefined ? null : (
        <p className={styles.error} role="alert">
          {state.error}
        </p>
      )}
      {children}
    </form>
  )
}
