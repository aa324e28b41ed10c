import { isEmoji } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { KeyValue } from '../../app/preferences.ts'
import { emojiGroups } from './emoji-groups.ts'
import { recentEmoji, rememberEmoji } from './recent-emoji.ts'

function memory(): KeyValue {
  const kept = new Map<string, string>()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

describe('emoji at hand', () => {
  it('offers only what the server takes as one emoji', () => {
    const offered = Object.values(emojiGroups).flatMap((group) => group.split(' '))
    expect(offered.filter((emoji) => !isEmoji(emoji))).toEqual([])
    expect(new Set(offered).size).toBe(offered.length)
  })

  it('puts what was used last first, once, and forgets the oldest', () => {
    const storage = memory()
    rememberEmoji(storage, '🐝')
    rememberEmoji(storage, '🚀')
    rememberEmoji(storage, '🐝')
    expect(recentEmoji(storage).slice(0, 2)).toEqual(['🐝', '🚀'])
    for (const emoji of emojiGroups.people.split(' ')) rememberEmoji(storage, emoji)
    expect(recentEmoji(storage)).toHaveLength(14)
    expect(recentEmoji(storage)).not.toContain('🐝')
  })

  it('survives a broken memory', () => {
    const storage = memory()
    storage.setItem('parley.emoji', '<b> 🚀 xx')
    expect(recentEmoji(storage)[0]).toBe('🚀')
  })
})
