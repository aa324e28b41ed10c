import { Popover } from '@base-ui/react/popover'
import { SmilePlus } from 'lucide-react'
import { lazy, type ReactElement, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../icon-button.tsx'
import styles from './emoji-picker.module.css'

const EmojiPicker = lazy(() => import('./emoji-picker.tsx'))

interface EmojiButtonProps {
  readonly label: string
  readonly onPick: (emoji: string) => void
  readonly onOpenChange?: (open: boolean) => void
  /** Where something else opens it as well; else the button alone does. */
  readonly open?: boolean
  readonly small?: boolean
  readonly align?: 'start' | 'end'
  /** Instead of the usual button. */
  readonly trigger?: ReactElement<Record<string, unknown>>
  /** What gets the focus after a choice; else the button itself. */
  readonly finalFocus?: () => HTMLElement | null
}

export function EmojiButton(props: EmojiButtonProps) {
  const { label, onPick, onOpenChange, small = false, align = 'end', trigger, finalFocus } = props
  const { t } = useTranslation()
  const [own, setOpen] = useState(false)
  const open = props.open ?? own
  const change = (next: boolean) => {
    setOpen(next)
    onOpenChange?.(next)
  }
  const pick = (emoji: string) => {
    change(false)
    onPick(emoji)
  }
  return (
    <Popover.Root open={open} onOpenChange={change}>
      <Popover.Trigger render={trigger ?? <IconButton icon={SmilePlus} label={label} small={small} />} />
      <Popover.Portal>
        <Popover.Positioner
          className={styles.positioner}
          side="top"
          align={align}
          sideOffset={6}
          collisionPadding={8}
        >
          <Popover.Popup
            className={styles.popup}
            aria-label={t('emoji.title')}
            {...(finalFocus === undefined ? {} : { finalFocus })}
          >
            <Suspense>
              <EmojiPicker onPick={pick} />
            </Suspense>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
