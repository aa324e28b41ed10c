import { BODY_MAX_CHARS, characterCount } from '@parley/protocol'
import { Check, SendHorizontal, Smile } from 'lucide-react'
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
} from 'react'
import { useTranslation } from 'react-i18next'
import { useStorage } from '../../app/context.ts'
import { touch, useMedia } from '../../hooks/use-media.ts'
import { useMe } from '../../hooks/use-people.ts'
import { IconButton } from '../icon-button.tsx'
import { EmojiButton } from '../message/emoji-button.tsx'
import { rememberEmoji } from '../message/recent-emoji.ts'
import styles from './composer.module.css'
import { MentionList } from './mention-list.tsx'
import { useMentionBox } from './use-mention-keys.ts'

/** The number of characters left is shown from here on. */
const nearChars = 500

interface TextBoxProps {
  readonly room: string
  readonly label: string
  readonly placeholder: string
  readonly text: string
  readonly editing: boolean
  /** What goes with the text: nothing, files, or files that cannot be sent (yet). */
  readonly carries: 'text' | 'files' | 'blocked'
  readonly attach: ReactNode
  /** Files that were pasted; left out where none are taken. */
  readonly onFiles: ((files: readonly File[]) => void) | undefined
  /** The text gets the focus when this changes. */
  readonly focusKey: string
  readonly onText: (text: string) => void
  readonly onSend: () => void
  readonly onStop: (() => void) | undefined
  readonly onEditLast: () => void
}

export function TextBox(props: TextBoxProps) {
  const { room, text, editing, onText, onSend } = props
  const { t } = useTranslation()
  const me = useMe()
  const storage = useStorage()
  const id = useId()
  const input = useRef<HTMLTextAreaElement>(null)
  const put = useCaret(input, text, onText)
  const mentions = useMentionBox({ room, me: me.id, input, onText: put })
  useFocus(input, props.focusKey)
  useGrowing(input, text)
  const onKeyDown = useKeys(props, mentions.onKey)
  const length = characterCount(text.trim())
  const open = mentions.users.length > 0
  const sendable =
    length <= BODY_MAX_CHARS && (props.carries === 'text' ? length > 0 : props.carries === 'files')
  const insert = (emoji: string) => {
    const element = input.current
    if (element === null) return
    rememberEmoji(storage, emoji)
    const before = text.slice(0, element.selectionStart) + emoji
    put(before + text.slice(element.selectionEnd), before.length)
  }
  return (
    <div className={styles.box}>
      {open ? (
        <MentionList id={id} users={mentions.users} active={mentions.active} onChoose={mentions.choose} />
      ) : null}
      {props.attach}
      <EmojiButton
        label={t('composer.emoji')}
        onPick={insert}
        align="start"
        finalFocus={() => input.current}
        trigger={<IconButton icon={Smile} size={20} label={t('composer.emoji')} />}
      />
      <textarea
        ref={input}
        className={styles.input}
        rows={1}
        value={text}
        aria-label={props.label}
        placeholder={props.placeholder}
        enterKeyHint="send"
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={open ? id : undefined}
        aria-activedescendant={open ? `${id}-${mentions.active}` : undefined}
        aria-invalid={length > BODY_MAX_CHARS || undefined}
        onChange={(event) => {
          onText(event.target.value)
          mentions.look()
        }}
        onSelect={mentions.look}
        onBlur={mentions.close}
        onKeyDown={onKeyDown}
        onPaste={(event) => takePasted(event, props.onFiles)}
      />
      <Left length={length} />
      <IconButton
        icon={editing ? Check : SendHorizontal}
        label={t(editing ? 'composer.saveEdit' : 'composer.send')}
        keys="Enter"
        look={sendable ? 'filled' : 'quiet'}
        disabled={!sendable}
        onPointerDown={(event) => event.preventDefault()}
        onClick={onSend}
      />
    </div>
  )
}

/** A picture is pasted as a file. Text that comes with one, as from a word processor, is what was meant. */
function takePasted(event: ClipboardEvent, onFiles: TextBoxProps['onFiles']): void {
  const files = [...event.clipboardData.files]
  if (onFiles === undefined || files.length === 0 || event.clipboardData.types.includes('text/plain')) return
  event.preventDefault()
  onFiles(files)
}

function Left({ length }: { length: number }) {
  const { t } = useTranslation()
  const left = BODY_MAX_CHARS - length
  if (left > nearChars) return null
  return (
    <span className={styles.left} data-over={left < 0 || undefined} role="status">
      <span aria-hidden="true">{left}</span>
      <span className="hidden">
        {left < 0 ? t('composer.over', { count: -left }) : t('composer.left', { count: left })}
      </span>
    </span>
  )
}

/** Enter sends where there is a real keyboard; on glass it makes a new line, and the button sends. */
function useKeys(
  { text, onSend, onStop, onEditLast }: TextBoxProps,
  takeKey: (event: KeyboardEvent) => boolean,
) {
  const glass = useMedia(touch)
  return (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // While an input method composes (Vietnamese, Chinese …) every key is its own.
    if (event.nativeEvent.isComposing || event.keyCode === 229 || takeKey(event)) return
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey
    if (event.key === 'Enter' && ((plain && !glass) || event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      onSend()
    } else if (event.key === 'Escape' && onStop !== undefined) {
      event.preventDefault()
      onStop()
    } else if (event.key === 'ArrowUp' && plain && text === '' && onStop === undefined) {
      event.preventDefault()
      onEditLast()
    }
  }
}

type Input = React.RefObject<HTMLTextAreaElement | null>

/** Changes the text from outside and puts the caret where it belongs, after React has drawn it. */
function useCaret(input: Input, text: string, onText: (text: string) => void) {
  const caret = useRef<number | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new text.
  useLayoutEffect(() => {
    if (caret.current === null) return
    input.current?.focus()
    input.current?.setSelectionRange(caret.current, caret.current)
    caret.current = null
  }, [text, input])
  return (next: string, at: number) => {
    caret.current = at
    onText(next)
  }
}

/** With a mouse one can write at once; on a phone the keyboard would cover what one came to read. */
function useFocus(input: Input, key: string): void {
  const glass = useMedia(touch)
  // biome-ignore lint/correctness/useExhaustiveDependencies: when something else is being written.
  useEffect(() => {
    const element = input.current
    if (element === null || (glass && key === '')) return
    element.focus({ preventScroll: true })
    element.setSelectionRange(element.value.length, element.value.length)
  }, [key, input])
}

/** Where `field-sizing` is unknown, the height follows the text by measuring. */
function useGrowing(input: Input, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new text.
  useLayoutEffect(() => {
    const element = input.current
    if (element === null || CSS.supports('field-sizing', 'content')) return
    element.style.blockSize = 'auto'
    element.style.blockSize = `${element.scrollHeight}px`
  }, [text, input])
}
