import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useStorage } from '../../app/context.ts'
import { type EmojiGroup, emojiGroups } from './emoji-groups.ts'
import styles from './emoji-picker.module.css'
import { recentEmoji } from './recent-emoji.ts'

/** As many as fit in a row; the style sheet uses the same number. */
const columns = 7

/** Loaded when it is first opened. One stop for Tab; the arrows move inside. */
export default function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useTranslation()
  const storage = useStorage()
  const [recent] = useState(() => recentEmoji(storage))
  const box = useRef<HTMLDivElement>(null)
  // It comes after its popup was opened, which then had nothing to give the focus to.
  useEffect(() => box.current?.querySelector('button')?.focus({ preventScroll: true }), [])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key]
    const all = [...(box.current?.querySelectorAll('button') ?? [])]
    const here = all.findIndex((one) => one.matches(':focus'))
    if (step === undefined || here === -1) return
    event.preventDefault()
    all[Math.min(Math.max(here + step, 0), all.length - 1)]?.focus()
  }
  const groups = Object.entries(emojiGroups) as [EmojiGroup, string][]
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only moves the focus among its buttons.
    <div ref={box} className={styles.picker} onKeyDown={onKeyDown}>
      <Group label={t('emoji.recent')} emoji={recent} onPick={onPick} stop />
      {groups.map(([group, emoji]) => (
        <Group key={group} label={t(`emoji.${group}`)} emoji={emoji.split(' ')} onPick={onPick} />
      ))}
    </div>
  )
}

interface GroupProps {
  readonly label: string
  readonly emoji: readonly string[]
  readonly onPick: (emoji: string) => void
  readonly stop?: boolean
}

function Group({ label, emoji, onPick, stop = false }: GroupProps) {
  const id = useId()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields.
    <div role="group" aria-labelledby={id}>
      <p id={id} className={styles.label}>
        {label}
      </p>
      <div className={styles.grid}>
        {emoji.map((one, index) => (
          <button
            key={one}
            type="button"
            className={styles.emoji}
            tabIndex={stop && index === 0 ? 0 : -1}
            onClick={() => onPick(one)}
          >
            {one}
          </button>
        ))}
      </div>
    </div>
  )
}
