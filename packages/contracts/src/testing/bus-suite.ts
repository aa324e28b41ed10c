/** What every implementation of `Bus` must do. Runs inside a test file of the implementation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../ports/bus.ts'

export function describeBus(name: string, create: () => Promise<Bus>): void {
  describe(`the bus: ${name}`, () => {
    let bus: Bus
    beforeEach(async () => {
      bus = await create()
    })
    afterEach(() => bus.close())

    const collect = async (topic: string, count: number) => {
      const received: string[] = []
      let end = () => {}
      const all = new Promise<string[]>((resolve) => {
        if (count === 0) resolve(received)
        void bus
          .subscribe(topic, (message) => {
            received.push(message)
            if (received.length === count) resolve(received)
          })
          .then((unsubscribe) => {
            end = unsubscribe
          })
      })
      await bus.subscribe(`${topic}-settled`, () => {})
      return { received, all, end: () => end() }
    }

    it('delivers one publisher’s messages on a topic in order, to the publisher too', async () => {
      const { all } = await collect('a', 100)
      for (let n = 0; n < 100; n++) bus.publish('a', `${n}`)
      expect(await all).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`))
    })

    it('delivers to every subscriber of the topic and to no other', async () => {
      const [first, second, other] = [await collect('a', 1), await collect('a', 1), await collect('b', 1)]
      bus.publish('a', 'x')
      bus.publish('b', 'y')
      expect([await first.all, await second.all, await other.all]).toEqual([['x'], ['x'], ['y']])
    })

    it('never calls a handler before publish has returned', async () => {
      let returned = false
      const seen = new Promise<boolean>((resolve) => void bus.subscribe('a', () => resolve(returned)))
      await bus.subscribe('settled', () => {})
      bus.publish('a', 'x')
      returned = true
      expect(await seen).toBe(true)
    })

    it('stops at once when a subscription ends, and leaves the others', async () => {
      const [ended, stays] = [await collect('a', 0), await collect('a', 1)]
      ended.end()
      bus.publish('a', 'x')
      await stays.all
      expect(ended.received).toEqual([])
    })

    it('carries text of any kind unchanged', async () => {
      const texts = ['', 'Xin chào Đà Nẵng', '🎉\n\r\u0001', 'x'.repeat(300_000)]
      const { all } = await collect('a', texts.length)
      for (const text of texts) bus.publish('a', text)
      expect(await all).toEqual(texts)
    })
  })
}
