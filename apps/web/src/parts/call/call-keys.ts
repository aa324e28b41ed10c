/** Keys of a call. They are heard on the whole page, so they give way to whatever else a key is for. */

export type CallAction = 'microphone' | 'camera' | 'screen' | 'shrink' | 'talk'

/** Where the focus is: what takes letters, what takes the space bar, or neither. */
export type KeyPlace = 'text' | 'control' | 'none'

export interface KeyPress {
  readonly key: string
  readonly modified: boolean
  /** The key is held. */
  readonly repeat: boolean
  /** Somebody else made use of it. */
  readonly taken: boolean
  readonly place: KeyPlace
}

export interface KeyContext {
  readonly view: 'stage' | 'dock'
  readonly canShare: boolean
  readonly muted: boolean
  readonly pushToTalk: boolean
  readonly letterKeys: boolean
}

const letters: Readonly<Record<string, CallAction>> = { m: 'microphone', v: 'camera', s: 'screen' }

/** What a key that went down does. The small window has no key that shows a screen or closes anything. */
export function callAction(press: KeyPress, context: KeyContext): CallAction | null {
  if (press.modified || press.taken || press.place === 'text') return null
  if (press.key === ' ')
    return press.place === 'none' && context.pushToTalk && context.muted && !press.repeat ? 'talk' : null
  if (press.repeat) return null
  if (press.key === 'Escape') return context.view === 'stage' ? 'shrink' : null
  const action = (context.letterKeys && letters[press.key.toLowerCase()]) || null
  if (action === 'screen') return context.view === 'stage' && context.canShare ? action : null
  return action
}

/** Menus and lists find their items by letters too. */
const TEXT =
  'input:not([type="checkbox"], [type="radio"], [type="range"], [type="button"]), textarea, select, [contenteditable]:not([contenteditable="false"]), [role="menu"], [role="listbox"], [role="dialog"], [role="alertdialog"]'
const CONTROL =
  'button, a[href], input, summary, video[controls], audio[controls], [role="button"], [role="switch"], [role="checkbox"], [role="tab"], [role="slider"], [tabindex="0"]'

export function placeOf(target: { closest(selectors: string): unknown } | null): KeyPlace {
  if (target === null) return 'none'
  if (target.closest(TEXT) !== null) return 'text'
  return target.closest(CONTROL) === null ? 'none' : 'control'
}
