/**
 * Many messages in one: their lengths, then their text, so that nothing is escaped. JSON was the first idea; messages
 * are JSON themselves, and each quote of theirs would have cost a backslash and both sides a pass over the text.
 */

/** First character of a frame: `L5,3\nhellofoo`. */
const BY_LENGTH = 'L'
/** `J["…"]`: UTF-8 has no half of a surrogate pair, JSON escapes it. */
const AS_JSON = 'J'

export function frameMessages(messages: readonly string[]): string {
  if (!messages.every((message) => message.isWellFormed())) return AS_JSON + JSON.stringify(messages)
  return `${BY_LENGTH}${messages.map(({ length }) => length).join()}\n${messages.join('')}`
}

/** Throws when it is not a frame. */
export function readFrame(frame: string): string[] {
  if (frame.startsWith(AS_JSON)) return JSON.parse(frame.slice(1)) as string[]
  const headEnd = frame.indexOf('\n')
  if (!frame.startsWith(BY_LENGTH) || headEnd < 0) throw new Error('Not a frame of messages')
  let end = headEnd + 1
  return frame
    .slice(1, headEnd)
    .split(',')
    .map((length) => {
      const begin = end
      end += Number(length)
      return frame.slice(begin, end)
    })
}
