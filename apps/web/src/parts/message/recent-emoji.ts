import { isEmoji } from '@parley/protocol'
import type { KeyValue } from '../../app/preferences.ts'

const key = 'parley.emoji'
const most = 14
const atFirst = ['👍', '❤️', '😄', '🎉', '👀', '🙏', '✅']

/** What was used last on this device, newest first; before that, what most people use. */
export function recentEmoji(storage: KeyValue): readonly string[] {
  const stored = (storage.getItem(key) ?? '').split(' ').filter(isEmoji)
  return [...new Set([...stored, ...atFirst])].slice(0, most)
}

export function rememberEmoji(storage: KeyValue, emoji: string): void {
  storage.setItem(key, [...new Set([emoji, ...recentEmoji(storage)])].slice(0, most).join(' '))
}
