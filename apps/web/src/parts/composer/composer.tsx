import { BODY_MAX_CHARS, characterCount } from '@parley/protocol'
import type { TimelineMessage } from '@parley/sdk/api'
import { Lock } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { useMe } from '../../hooks/use-people.ts'
import { useConversation } from '../conversation/context.ts'
import { AttachButton } from '../files/attach-button.tsx'
import { Tray } from '../files/tray.tsx'
import type { Uploads } from '../files/use-uploads.ts'
import { useToasts } from '../toasts.tsx'
import { About } from './about.tsx'
import styles from './composer.module.css'
import { TextBox } from './text-box.tsx'
import { useDraft } from './use-draft.ts'

/** What is being written besides a new message. */
export interface Writing {
  readonly kind: 'reply' | 'edit'
  readonly message: TimelineMessage
}

interface ComposerProps {
  readonly title: string
  readonly writing: Writing | null
  readonly uploads: Uploads
  /** The text of an edit while it is being changed. */
  readonly editText: string
  readonly onEditText: (text: string) => void
  /** Ends `which`; without it, whatever is being written. */
  readonly onStop: (which?: Writing | null) => void
  readonly onSent: () => void
  readonly onEditLast: () => void
}

export function Composer(props: ComposerProps) {
  const { t } = useTranslation()
  const { rights } = useConversation()
  if (rights.write) return <Writer {...props} />
  return (
    <p className={styles.readOnly}>
      <Lock size={15} aria-hidden="true" />
      {t('composer.readOnly')}
    </p>
  )
}

function Writer(props: ComposerProps) {
  const { title, writing, uploads, editText, onEditText, onStop, onSent, onEditLast } = props
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const me = useMe()
  const { room } = useConversation()
  const [draft, setDraft] = useDraft(me.id, room)
  const [saving, setSaving] = useState(false)
  const editing = writing?.kind === 'edit'
  const text = editing ? editText : draft

  const save = (seq: number, body: string) => {
    if (body === writing?.message.body) return onStop()
    // What was typed stays until the server has it.
    setSaving(true)
    parley
      .edit(room, seq, body)
      .then(() => onStop(writing), toasts.fail)
      .finally(() => setSaving(false))
  }
  const send = () => {
    const body = text.trim()
    if (characterCount(body) > BODY_MAX_CHARS) return
    const seq = writing?.message.seq ?? undefined
    if (editing) {
      if (seq !== undefined && body !== '' && !saving) save(seq, body)
      return
    }
    if (uploads.blocked() || (body === '' && uploads.files.length === 0)) return
    parley.send(room, { body, files: uploads.files, ...(seq === undefined ? {} : { reply_to: seq }) })
    uploads.clear()
    setDraft('')
    onStop()
    onSent()
  }
  return (
    <div className={styles.composer}>
      {writing === null ? null : <About writing={writing} onStop={() => onStop()} />}
      {editing ? null : <Tray uploads={uploads} />}
      <TextBox
        room={room}
        label={t('composer.label', { room: title })}
        placeholder={t('composer.placeholder', { room: title })}
        text={text}
        focusKey={writing === null ? '' : `${writing.kind}${writing.message.key}`}
        editing={editing}
        carries={editing || uploads.items.length === 0 ? 'text' : uploads.blocked() ? 'blocked' : 'files'}
        attach={editing ? null : <AttachButton onFiles={uploads.add} />}
        onFiles={editing ? undefined : uploads.add}
        onText={(next) => {
          if (editing) return onEditText(next)
          setDraft(next)
          if (next.trim() !== '') parley.typing(room)
        }}
        onSend={send}
        onStop={writing === null ? undefined : () => onStop()}
        onEditLast={onEditLast}
      />
    </div>
  )
}
