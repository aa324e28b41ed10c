import type { TimelineMessage } from '@parley/sdk/api'
import { Copy, Ellipsis, Link2, Pencil, Pin, PinOff, Reply, SmilePlus, Trash2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { useMe } from '../../hooks/use-people.ts'
import { useConversation } from '../conversation/context.ts'
import { IconButton } from '../icon-button.tsx'
import { Menu, type MenuItem } from '../menu.tsx'
import { useToasts } from '../toasts.tsx'
import { EmojiButton } from './emoji-button.tsx'
import styles from './message.module.css'
import { useReact } from './use-react.ts'

interface MessageActionsProps {
  readonly message: TimelineMessage
  readonly seq: number
  readonly onBusy: (busy: boolean) => void
}

/** What can be done with a message: the two most common things at hand, all of them in the menu. */
export function MessageActions({ message, seq, onBusy }: MessageActionsProps) {
  const { t } = useTranslation()
  const { rights, reply } = useConversation()
  const react = useReact(message, seq)
  const [open, setOpen] = useState<'menu' | 'emoji' | null>(null)
  const items = useMenuItems(message, seq, () => setOpen('emoji'))
  const change = (which: 'menu' | 'emoji') => (next: boolean) =>
    setOpen((before) => (next ? which : before === which ? null : before))
  const busy = open !== null
  useEffect(() => {
    onBusy(busy)
    return () => onBusy(false)
  }, [busy, onBusy])
  return (
    // biome-ignore lint/a11y/useSemanticElements: a toolbar has no element of its own.
    <div role="group" className={styles.actions} aria-label={t('conversation.actions')}>
      {rights.write ? (
        <>
          <span className={styles.react}>
            <EmojiButton
              label={t('action.react')}
              onPick={react}
              open={open === 'emoji'}
              onOpenChange={change('emoji')}
              small
            />
          </span>
          <span className={styles.pointerOnly}>
            <IconButton
              icon={Reply}
              size={17}
              label={t('action.reply')}
              small
              onClick={() => reply(message)}
            />
          </span>
        </>
      ) : null}
      <Menu
        items={items}
        onOpenChange={change('menu')}
        trigger={
          <IconButton icon={Ellipsis} size={17} label={t('conversation.actions')} small data-more="" />
        }
      />
    </div>
  )
}

function useMenuItems(message: TimelineMessage, seq: number, chooseEmoji: () => void): readonly MenuItem[] {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const me = useMe()
  const { rights, reply, edit, askDelete } = useConversation()
  const mine = message.from === me.id
  const copy = (text: string, done: string) => {
    // Without a secure origin there is no clipboard.
    const write = async () => navigator.clipboard.writeText(text)
    write().then(() => toasts.tell(done), toasts.fail)
  }
  const link = () => new URL(links.message(message.room, seq), location.href).href
  const item = (wanted: boolean, one: MenuItem): readonly MenuItem[] => (wanted ? [one] : [])
  const pin = (change: typeof parley.pin) => void change(message.room, seq).catch(toasts.fail)
  return [
    ...item(rights.write, { key: 'react', label: t('action.react'), icon: SmilePlus, onSelect: chooseEmoji }),
    ...item(rights.write, {
      key: 'reply',
      label: t('action.reply'),
      icon: Reply,
      onSelect: () => reply(message),
    }),
    ...item(rights.write && mine, {
      key: 'edit',
      label: t('action.edit'),
      icon: Pencil,
      onSelect: () => edit(message),
    }),
    ...item(rights.pin, {
      key: 'pin',
      label: t(message.pinned === true ? 'action.unpin' : 'action.pin'),
      icon: message.pinned === true ? PinOff : Pin,
      onSelect: () => pin(message.pinned === true ? parley.unpin : parley.pin),
    }),
    ...item(message.body !== '', {
      key: 'text',
      label: t('action.copyText'),
      icon: Copy,
      onSelect: () => copy(message.body, t('conversation.textCopied')),
    }),
    {
      key: 'link',
      label: t('action.copyLink'),
      icon: Link2,
      onSelect: () => copy(link(), t('conversation.linkCopied')),
    },
    ...item(rights.write && (mine || rights.moderate), {
      key: 'delete',
      label: t('action.delete'),
      icon: Trash2,
      danger: true,
      onSelect: () => askDelete(message),
    }),
  ]
}
