import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import { createMemoryCache } from './memory-cache.ts'

describe('the cache in memory', () => {
  it('answers what was stored last, until its time is over', async () => {
    const clock = createManualClock()
    const cache = createMemoryCache(clock)
    cache.set('a', 'old', 1_000)
    cache.set('a', 'new', 1_000)
    clock.advance(999)
    expect(await cache.get('a')).toBe('new')
    clock.advance(1)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.get('never stored')).toBeUndefined()
  })

  it('keeps to its bound by forgetting what was asked for least recently', async () => {
    const cache = createMemoryCache(createManualClock(), 30)
    for (const key of ['a', 'b', 'c']) cache.set(key, 'x'.repeat(9), 1_000)
    expect(await cache.get('a')).toBeDefined()
    cache.set('d', 'y', 1_000)
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => cache.get(key)))).toEqual([
      'x'.repeat(9),
      undefined,
      'x'.repeat(9),
      'y',
    ])
  })

  it('does not take what alone is too large, and forgets what it replaces', async () => {
    const cache = createMemoryCache(createManualClock(), 30)
    cache.set('a', 'x'.repeat(29), 1_000)
    expect(await cache.get('a')).toHaveLength(29)
    cache.set('a', 'x'.repeat(30), 1_000)
    expect(await cache.get('a')).toBeUndefined()
    for (let n = 0; n < 100; n++) cache.set('b', 'x'.repeat(20), 1_000)
    expect(await cache.get('b')).toHaveLength(20)
  })
})
