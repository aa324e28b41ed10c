/** What every implementation of `RateLimiter` must do. `advance` moves the clock it was given. */
import { describe, expect, it } from 'vitest'
import type { RateLimiter } from '../ports/rate-limiter.ts'

export function describeRateLimiter(
  name: string,
  create: () => Promise<{ limiter: RateLimiter; advance: (ms: number) => Promise<void> }>,
): void {
  describe(`the rate limiter: ${name}`, () => {
    const rule = { name: 'test', burst: 3, perSecond: 2 }

    it('gives the burst at once and then says how long to wait', async () => {
      const { limiter } = await create()
      const taken = [
        await limiter.take(rule, 'k'),
        await limiter.take(rule, 'k'),
        await limiter.take(rule, 'k'),
      ]
      expect(taken).toEqual([0, 0, 0])
      const waitMs = await limiter.take(rule, 'k')
      expect(waitMs).toBeGreaterThan(0)
      expect(waitMs).toBeLessThanOrEqual(500)
    })

    it('gives again after the time it named', async () => {
      const { limiter, advance } = await create()
      for (let n = 0; n < 3; n++) await limiter.take(rule, 'k')
      await advance(await limiter.take(rule, 'k'))
      expect(await limiter.take(rule, 'k')).toBe(0)
    })

    it('never lets two takers have the last token', async () => {
      const { limiter } = await create()
      const waits = await Promise.all(Array.from({ length: 10 }, () => limiter.take(rule, 'k')))
      expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
    })

    it('keeps keys and rules apart and charges what a call costs', async () => {
      const { limiter } = await create()
      expect(await limiter.take(rule, 'k', 3)).toBe(0)
      expect(await limiter.take(rule, 'other')).toBe(0)
      expect(await limiter.take({ ...rule, name: 'second' }, 'k')).toBe(0)
      expect(await limiter.take(rule, 'k', 3)).toBeGreaterThan(1_000)
    })

    it('never holds more than the burst, however long it rests', async () => {
      const { limiter, advance } = await create()
      await limiter.take(rule, 'k')
      await advance(60_000)
      const waits = [] as number[]
      for (let n = 0; n < 4; n++) waits.push(await limiter.take(rule, 'k'))
      expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
    })
  })
}
