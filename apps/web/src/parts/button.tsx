import type { ComponentProps } from 'react'
import styles from './button.module.css'

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'primary' | 'plain' | 'ghost' | 'danger'
  readonly busy?: boolean
}

export function Button({ look = 'plain', busy = false, className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={[styles.button, className].filter(Boolean).join(' ')}
      data-look={look}
      aria-busy={busy || undefined}
      disabled={disabled === true || busy}
      {...rest}
    />
  )
}
