/**
 * Batches that form by themselves: while one batch is under way the next collects, so an idle caller waits for
 * nothing and a busy one pays one round trip for many.
 */
export interface BatcherOptions<Item, Result> {
  readonly maxItems: number
  /** What an item weighs, and how much of that one batch takes; one item always fits. */
  readonly weigh?: { readonly of: (item: Item) => number; readonly max: number }
  /** Items waiting beyond this are refused by `overflow`. */
  readonly maxWaiting: number
  readonly overflow: () => Error
  /** Must answer one result an item, in order. When it throws, every item of the batch fails with that error. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>
}

function fitting<Item>(
  waiting: readonly { readonly item: Item }[],
  { maxItems, weigh }: Pick<BatcherOptions<Item, unknown>, 'maxItems' | 'weigh'>,
): number {
  if (weigh === undefined) return maxItems
  let weight = 0
  const tooMany = waiting.findIndex(({ item }, place) => {
    weight += weigh.of(item)
    return place > 0 && (place >= maxItems || weight > weigh.max)
  })
  return tooMany < 0 ? waiting.length : tooMany
}

export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): (item: Item) => Promise<Result> {
  let waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  let running = false

  async function drain(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, fitting(waiting, options))
      waiting = waiting.slice(batch.length)
      try {
        const results = await options.run(batch.map((entry) => entry.item))
        batch.forEach((entry, index) => {
          entry.resolve(results[index] as Result)
        })
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
    }
    running = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= options.maxWaiting) return reject(options.overflow())
      waiting.push({ item, resolve, reject })
      // After the microtask queue, so that everything one socket read brought goes into the first batch.
      if (!running) {
        running = true
        setImmediate(drain)
      }
    })
}
