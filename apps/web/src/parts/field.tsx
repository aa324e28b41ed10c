import { Field as Base } from '@base-ui/react/field'
import type { ComponentProps, ReactNode } from 'react'
import styles from './field.module.css'

interface FieldProps extends Omit<ComponentProps<'input'>, 'name' | 'onChange' | 'value' | 'defaultValue'> {
  readonly label: string
  readonly name: string
  readonly value: string
  readonly onValue: (value: string) => void
  /** The rule, told before anybody fails it. */
  readonly hint?: string
  readonly error?: string | undefined
  /** Something inside the field, at its end. */
  readonly end?: ReactNode
}

export function Field({ label, name, value, onValue, hint, error, end, ...input }: FieldProps) {
  return (
    <Base.Root className={styles.field} name={name} invalid={error !== undefined}>
      <Base.Label className={styles.label}>{label}</Base.Label>
      <span className={styles.box}>
        <Base.Control
          {...input}
          className={styles.input}
          value={value}
          onValueChange={(next) => onValue(next)}
          data-end={end === undefined ? undefined : ''}
        />
        {end === undefined ? null : <span className={styles.end}>{end}</span>}
      </span>
      {error === undefined ? null : (
        <Base.Error className={styles.error} match>
          {error}
        </Base.Error>
      )}
      {hint === undefined ? null : (
        <Base.Description className={error === undefined ? styles.hint : 'hidden'}>{hint}</Base.Description>
      )}
    </Base.Root>
  )
}
