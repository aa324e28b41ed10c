import { describe, expect, it } from 'vitest'
import { foldText, isEmoji, isPlainName, nameKey } from './text.ts'

describe('names', () => {
  it.each([
    ['Đà Nẵng', 'đà  nẵng'],
    ['Team', 'T\u200deam'],
    ['Straße', 'STRASSE'],
    ['ＡＢＣ', 'abc'],
    ['e\u0301t\u00e9', '\u00e9te\u0301'],
  ])('that look alike are the same: %s and %s', (a, b) => {
    expect(nameKey(a)).toBe(nameKey(b))
  })

  it('that differ in a letter or an accent are not', () => {
    expect(new Set(['ha', 'hà', 'há', 'hạ', 'ba'].map(nameKey)).size).toBe(5)
  })

  it.each(['a\u202eb', 'a\u0000b', 'a\nb', 'a\u200bb', '\ud800'])(
    'with hidden tricks are refused: %j',
    (name) => {
      expect(isPlainName(name)).toBe(false)
    },
  )
})

describe('emoji', () => {
  it.each(['👍', '❤️', '👨‍👩‍👧‍👦', '🇻🇳', '1️⃣'])('one grapheme is one: %s', (text) =>
    expect(isEmoji(text)).toBe(true),
  )
  it.each(['', 'a', '1', '👍👍', '👍 ', '<b>'])('everything else is none: %j', (text) =>
    expect(isEmoji(text)).toBe(false),
  )
})

it('folding finds Vietnamese without accents', () => {
  expect(foldText('Đường Điện Biên Phủ')).toBe('duong dien bien phu')
})
