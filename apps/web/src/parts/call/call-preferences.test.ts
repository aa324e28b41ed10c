import { expect, it } from 'vitest'
import {
  callPreferencesKey,
  callPreferencesOf,
  createCallPreferences,
  forSdk,
  parseCallPreferences,
} from './call-preferences.ts'

function memory(text?: string) {
  const values = new Map(text === undefined ? [] : [[callPreferencesKey, text]])
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  }
}

const plain = { noiseSuppression: true, relayOnly: false, pushToTalk: true, letterKeys: true }

it('what is stored is kept as far as it makes sense', () => {
  expect(parseCallPreferences(null)).toEqual(plain)
  expect(parseCallPreferences('{"camera":"front","relayOnly":true,"speaker":7,"pushToTalk":"no"}')).toEqual({
    ...plain,
    camera: 'front',
    relayOnly: true,
  })
  for (const broken of ['', '[', 'null', '7', `{"microphone":"${'x'.repeat(257)}"}`])
    expect(parseCallPreferences(broken)).toEqual(plain)
})

it('a change is stored and told, and undefined takes a device back', () => {
  const storage = memory('{"camera":"front"}')
  const preferences = createCallPreferences(storage)
  let told = 0
  const end = preferences.subscribe(() => told++)
  preferences.change({ microphone: 'desk', camera: undefined })
  end()
  preferences.change({ relayOnly: true })
  const now = { ...plain, microphone: 'desk', relayOnly: true }
  expect(preferences.get()).toEqual(now)
  expect(parseCallPreferences(storage.getItem(callPreferencesKey))).toEqual(now)
  expect(told).toBe(1)
})

it('the SDK is told its part', () => {
  expect(forSdk({ ...plain, speaker: 'box', camera: 'front' })).toEqual({
    camera: 'front',
    noiseSuppression: true,
    relayOnly: false,
  })
})

it('everybody with the same storage has the same', () => {
  const storage = memory()
  expect(callPreferencesOf(storage)).toBe(callPreferencesOf(storage))
  expect(callPreferencesOf(memory())).not.toBe(callPreferencesOf(storage))
})
