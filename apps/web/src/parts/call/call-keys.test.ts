import { describe, expect, it } from 'vitest'
import { callAction, type KeyContext, type KeyPress, placeOf } from './call-keys.ts'

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  modified: false,
  repeat: false,
  taken: false,
  place: 'none',
  ...more,
})
const stage: KeyContext = { view: 'stage', canShare: true, muted: true, pushToTalk: true, letterKeys: true }

describe('keys of a call', () => {
  it.each([
    ['m', 'microphone'],
    ['M', 'microphone'],
    ['v', 'camera'],
    ['s', 'screen'],
    ['Escape', 'shrink'],
    [' ', 'talk'],
    ['x', null],
  ] as const)('%j does %s', (key, action) => {
    expect(callAction(press(key), stage)).toBe(action)
  })

  it.each(['m', 'v', 's', ' ', 'Escape'])('%j is left to whatever else it is for', (key) => {
    for (const more of [{ place: 'text' }, { modified: true }, { taken: true }] as const)
      expect(callAction(press(key, more), stage)).toBe(null)
  })

  it('letters are heard on a button, the space bar presses it', () => {
    expect(callAction(press('m', { place: 'control' }), stage)).toBe('microphone')
    expect(callAction(press(' ', { place: 'control' }), stage)).toBe(null)
  })

  it('a held key acts once', () => {
    expect(callAction(press('m', { repeat: true }), stage)).toBe(null)
    expect(callAction(press(' ', { repeat: true }), stage)).toBe(null)
  })

  it('the space bar opens a microphone that is off, unless that is switched off', () => {
    expect(callAction(press(' '), { ...stage, muted: false })).toBe(null)
    expect(callAction(press(' '), { ...stage, pushToTalk: false })).toBe(null)
  })

  it.each(['m', 'v', 's'])('%j does nothing where letters are switched off', (key) => {
    expect(callAction(press(key), { ...stage, letterKeys: false })).toBe(null)
  })

  it('in the small window nothing is shown or closed by a key', () => {
    const dock: KeyContext = { ...stage, view: 'dock' }
    expect(callAction(press('Escape'), dock)).toBe(null)
    expect(callAction(press('s'), dock)).toBe(null)
    expect(callAction(press('m'), dock)).toBe('microphone')
    expect(callAction(press('s'), { ...stage, canShare: false })).toBe(null)
  })
})

describe('where a key goes down', () => {
  /** An element in which only these are found. */
  const inside = (...found: readonly string[]) => ({
    closest: (selectors: string) =>
      selectors.split(', ').some((one) => found.some((name) => one.startsWith(name))) ? {} : null,
  })
  it('tells text, controls and the rest apart', () => {
    expect(placeOf(inside('textarea'))).toBe('text')
    expect(placeOf(inside('[role="menu"]', 'button'))).toBe('text')
    expect(placeOf(inside('button'))).toBe('control')
    expect(placeOf(inside())).toBe('none')
    expect(placeOf(null)).toBe('none')
  })
})
