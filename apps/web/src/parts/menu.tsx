import { Menu as Base } from '@base-ui/react/menu'
import type { LucideIcon } from 'lucide-react'
import type { ReactElement } from 'react'
import styles from './menu.module.css'

export interface MenuItem {
  readonly key: string
  readonly label: string
  readonly icon?: LucideIcon
  readonly danger?: boolean
  readonly onSelect: () => void
}

interface MenuProps {
  readonly trigger: ReactElement<Record<string, unknown>>
  readonly items: readonly MenuItem[]
  readonly onOpenChange?: (open: boolean) => void
  readonly side?: 'top' | 'bottom' | 'right'
}

export function Menu({ trigger, items, onOpenChange, side = 'bottom' }: MenuProps) {
  return (
    <Base.Root modal={false} {...(onOpenChange === undefined ? {} : { onOpenChange })}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={4} align="end" side={side}>
          <Base.Popup className={styles.popup}>
            {items.map(({ key, label, icon: Icon, danger, onSelect }) => (
              <Base.Item
                key={key}
                className={styles.item}
                data-danger={danger === true ? '' : undefined}
                onClick={onSelect}
              >
                {Icon === undefined ? null : <Icon size={16} aria-hidden="true" />}
                {label}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
