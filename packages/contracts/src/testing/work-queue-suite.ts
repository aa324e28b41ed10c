/** What every implementation of `WorkQueue` must do. Runs inside a test file of the implementation. */
import { ParleyError } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WorkItem, WorkQueue, WorkQueueName } from '../ports/work-queue.ts'
import { workTopics } from '../ports/work-queue.ts'

export interface WorkQueueUnderTest {
  readonly queue: WorkQueue
  readonly close: () => Promise<void>
}

export interface WorkQueueTraits {
  /** How often a handler is given an item that always fails. */
  readonly attemptsMax: number
  /**
   * Whether the queue itself keeps what it was given. The in-process one does not: its `publish` resolves when the
   * handlers have succeeded and throws when one has not, and whoever published keeps the item and publishes again.
   */
  readonly keeps: boolean
}

const TOPIC = 'room.entries'
const QUEUE = 'rooms.index'

export function describeWorkQueue(
  name: string,
  traits: WorkQueueTraits,
  create: () => Promise<WorkQueueUnderTest>,
): void {
  describe(`the work queue: ${name}`, () => {
    let current: WorkQueueUnderTest
    beforeEach(async () => {
      current = await create()
    })
    afterEach(() => current.close())
    const queue: WorkQueue = {
      publish: (topic, some) => current.queue.publish(topic, some),
      consume: (from, atOnce, handler) => current.queue.consume(from, atOnce, handler),
      close: () => current.queue.close(),
    }
    describeEveryQueue(queue)
    describe('one of several queues of a topic', () => {
      beforeEach(async () => {
        for (const other of workTopics[TOPIC])
          if (other !== QUEUE) await current.queue.consume(other, 1, async () => {})
      })
      describeDelivery(queue)
      describeFailures(queue, traits)
      describeEnds(queue, traits)
    })
  })
}

const item = (id: string, body = `{"of":"${id}"}`): WorkItem => ({ id, body })
const items = (count: number) => Array.from({ length: count }, (_, n) => item(`${n}`))
const idsOf = (some: readonly WorkItem[]) => some.map(({ id }) => id).sort()

/** As the relay does it: again and again until the queue has taken it. */
async function publish(queue: WorkQueue, some: readonly WorkItem[]): Promise<void> {
  for (;;) {
    const taken = await queue.publish(TOPIC, some).then(
      () => true,
      () => false,
    )
    if (taken) return
    await new Promise(setImmediate)
  }
}

/** Consumes; `first(n)` resolves with what came once that were `n`. */
async function collect(queue: WorkQueue, from: WorkQueueName, atOnce = 4) {
  const received: WorkItem[] = []
  const waiting: { count: number; resolve: (all: WorkItem[]) => void }[] = []
  const end = await queue.consume(from, atOnce, async (one) => {
    received.push(one)
    for (const { count, resolve } of waiting) if (received.length >= count) resolve(received)
  })
  const first = (count: number) =>
    new Promise<WorkItem[]>((resolve) => {
      if (received.length >= count) resolve(received)
      else waiting.push({ count, resolve })
    })
  return { received, first, end }
}

function describeEveryQueue(queue: WorkQueue): void {
  it('delivers every item to every queue of its topic', async () => {
    const consumers = await Promise.all(workTopics[TOPIC].map((one) => collect(queue, one)))
    await publish(queue, items(20))
    for (const { first } of consumers) expect(idsOf(await first(20))).toEqual(idsOf(items(20)))
  })
}

function describeDelivery(queue: WorkQueue): void {
  it('carries ids and text of any kind unchanged', async () => {
    const texts = ['', '{}', 'Xin chào Đà Nẵng', '🎉\n\r\u0001', 'x'.repeat(300_000)]
    const sent = texts.map((text, n) => item(`ä-${n}`, text))
    const { first } = await collect(queue, QUEUE)
    await publish(queue, sent)
    const received = await first(texts.length)
    expect([...received].sort((a, b) => a.id.localeCompare(b.id))).toEqual(sent)
  })

  it('shares items among the consumers of a queue, each to one of them', async () => {
    const all = Promise.withResolvers<void>()
    const received: [WorkItem[], WorkItem[]] = [[], []]
    for (const mine of received)
      await queue.consume(QUEUE, 1, async (one) => {
        mine.push(one)
        if (received.flat().length === 40) all.resolve()
      })
    for (const one of items(40)) await publish(queue, [one])
    await all.promise
    expect(idsOf(received.flat())).toEqual(idsOf(items(40)))
    expect(Math.min(...received.map((mine) => mine.length))).toBeGreaterThan(0)
  })

  it('hands over as many at a time as the consumer takes, and never more', async () => {
    let running = 0
    let most = 0
    let done = 0
    const all = Promise.withResolvers<void>()
    const full = Promise.withResolvers<void>()
    await queue.consume(QUEUE, 3, async () => {
      most = Math.max(most, ++running)
      // The first ones stay until three are there: fewer would wait for ever.
      if (running === 3) full.resolve()
      await full.promise
      await new Promise(setImmediate)
      running--
      if (++done === 30) all.resolve()
    })
    await publish(queue, items(30))
    await all.promise
    expect(most).toBe(3)
  })
}

function describeFailures(queue: WorkQueue, traits: WorkQueueTraits): void {
  it('tries again what a handler has thrown out, and the others do not wait for it', async () => {
    const seen: string[] = []
    const twice = Promise.withResolvers<void>()
    await queue.consume(QUEUE, 2, async ({ id }) => {
      seen.push(id)
      if (id === 'bad' && seen.filter((one) => one === 'bad').length === 1) throw new Error('not this time')
      if (id === 'bad') twice.resolve()
    })
    await publish(queue, [item('bad'), item('good')])
    await twice.promise
    expect(seen.filter((one) => one === 'bad')).toHaveLength(2)
    expect(seen.indexOf('good')).toBeLessThan(seen.lastIndexOf('bad'))
  })

  it('gives an item up that fails every time, and goes on with the others', async () => {
    let attempts = 0
    const last = Promise.withResolvers<void>()
    const after = Promise.withResolvers<void>()
    await queue.consume(QUEUE, 1, async ({ id }) => {
      if (id === 'after') return after.resolve()
      if (++attempts >= traits.attemptsMax) last.resolve()
      throw new Error('never')
    })
    await publish(queue, [item('bad')])
    await last.promise
    await publish(queue, [item('after')])
    await after.promise
    expect(attempts).toBe(traits.attemptsMax)
  })
}

function describeEnds(queue: WorkQueue, traits: WorkQueueTraits): void {
  it('lets handlers finish when a consumer is ended, and leaves the rest to the next', async () => {
    const started = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const handled: string[] = []
    const end = await queue.consume(QUEUE, 1, async ({ id }) => {
      started.resolve()
      await finish.promise
      handled.push(id)
    })
    const published = publish(queue, items(5))
    await started.promise
    let ended = false
    const ending = end().then(() => {
      ended = true
    })
    await new Promise(setImmediate)
    expect(ended).toBe(false)
    finish.resolve()
    await ending
    expect(handled).toHaveLength(1)
    const next = await collect(queue, QUEUE)
    // Whoever keeps the items publishes all of them again: then even the one that was done comes once more.
    const rest = await next.first(traits.keeps ? 4 : 5)
    await published
    expect(idsOf(rest).filter((id) => !handled.includes(id))).toHaveLength(4)
    expect(handled).toHaveLength(1)
  })

  it('delivers later what is published while nobody listens', async () => {
    const alone = queue.publish(TOPIC, items(3))
    if (traits.keeps) await alone
    else await expect(alone).rejects.toMatchObject({ code: 'unavailable' })
    const { first } = await collect(queue, QUEUE)
    if (!traits.keeps) await publish(queue, items(3))
    expect(idsOf(await first(3))).toEqual(idsOf(items(3)))
  })

  it('takes nothing any more once it is closed', async () => {
    await queue.close()
    const error = await queue.publish(TOPIC, items(1)).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ParleyError)
    expect(error).toMatchObject({ code: 'unavailable' })
  })
}
