import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { indexedDbStorage } from './indexeddb.ts'
import { memoryStorage } from './memory.ts'

let databases = 0

describe.each([
  ['memory', memoryStorage],
  ['IndexedDB', () => indexedDbStorage(`test-${++databases}`)],
])('the store in %s', (_name, create) => {
  test('gives back what was set, and nothing that was deleted or never there', async () => {
    const store = create()
    await store.set('a', { list: [1, 'hai'] })
    expect(await store.get('a')).toEqual({ list: [1, 'hai'] })
    await store.delete('a')
    expect(await store.get('a')).toBeUndefined()
    expect(await store.get('b')).toBeUndefined()
  })

  test('lists exactly the keys with a prefix, in order', async () => {
    const store = create()
    for (const key of ['p/2', 'q/1', 'p/10', 'p', 'p/1', 'o/9']) await store.set(key, key)
    expect(await store.list('p/')).toEqual(['p/1', 'p/10', 'p/2'].map((key) => [key, key]))
    expect(await store.list('none')).toEqual([])
  })

  test('sets of one key take effect in the order of the calls', async () => {
    const store = create()
    await Promise.all(Array.from({ length: 20 }, (_, value) => store.set('a', value)))
    expect(await store.get('a')).toBe(19)
  })

  test('keeps its own copy', async () => {
    const store = create()
    const value = { text: 'before' }
    await store.set('a', value)
    value.text = 'after'
    expect(await store.get('a')).toEqual({ text: 'before' })
  })
})

test('IndexedDB keeps it for the next page, which opens the same database', async () => {
  await indexedDbStorage('shared').set('a', 1)
  expect(await indexedDbStorage('shared').get('a')).toBe(1)
})
