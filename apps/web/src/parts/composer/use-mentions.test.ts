import { describe, expect, it } from 'vitest'
import { mentioningAt } from './use-mentions.ts'

describe('the name being typed after an @', () => {
  it('is found before the caret, at the beginning and after a space', () => {
    expect(mentioningAt('@mi', 3)).toEqual({ from: 0, text: 'mi' })
    expect(mentioningAt('hello @minh.t', 13)).toEqual({ from: 6, text: 'minh.t' })
    expect(mentioningAt('hello @', 7)).toEqual({ from: 6, text: '' })
    expect(mentioningAt('@hà nội', 3)).toEqual({ from: 0, text: 'hà' })
  })

  it('is nothing inside an address, after a space, or away from the caret', () => {
    expect(mentioningAt('ann@example', 11)).toBeNull()
    expect(mentioningAt('@minh ', 6)).toBeNull()
    expect(mentioningAt('@minh', 0)).toBeNull()
  })
})
