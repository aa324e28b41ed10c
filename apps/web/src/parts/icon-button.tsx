import { Tooltip } from '@base-ui/react/tooltip'
import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import styles from './icon-button.module.css'

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  readonly icon: LucideIcon
  /** What it does: the accessible name and the tooltip. */
  readonly label: string
  readonly keys?: string
  readonly size?: number
  readonly small?: boolean
  readonly look?: 'quiet' | 'filled' | 'danger'
}

export function IconButton({
  icon: Icon,
  label,
  keys,
  size = 18,
  small = false,
  look = 'quiet',
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            aria-label={label}
            className={[styles.button, className].filter(Boolean).join(' ')}
            data-look={look}
            data-small={small || undefined}
            {...rest}
          />
        }
      >
        <Icon size={size} aria-hidden="true" />
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className={styles.positioner}>
          <Tooltip.Popup className={styles.tip}>
            {label}
            {keys === undefined ? null : <kbd className={styles.keys}>{keys}</kbd>}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
