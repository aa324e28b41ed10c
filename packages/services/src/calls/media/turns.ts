/** Work that has to be done one after the other, in the order in which it was asked for. */
export type Turns = <Result>(work: () => Promise<Result>) => Promise<Result>

/** What goes wrong is its own asker's; the next one is done all the same. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}
