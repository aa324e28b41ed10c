import type { Message } from '@parley/protocol'

/** Of bodies in one page, UTF-16 units. Answers nobody reads are kept in memory, so two hundred long messages are two pages or more. */
const PAGE_MAX_CHARS = 256 * 1024

/** How many of these messages one page takes, counted from its fixed end: at least one. */
export function countFitting(messages: readonly Message[]): number {
  let chars = 0
  const tooMany = messages.findIndex((message) => {
    chars += message.body.length
    return chars > PAGE_MAX_CHARS
  })
  return tooMany < 0 ? messages.length : Math.max(1, tooMany)
}

/** Up to `limit` from the end, as many as fit; what is left over says that there are more. */
export function cutNewest(found: readonly Message[], limit: number): { messages: Message[]; more: boolean } {
  const fitting = Math.min(limit, countFitting(found.toReversed()))
  return { messages: found.slice(found.length - fitting), more: found.length > fitting }
}
