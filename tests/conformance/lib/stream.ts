import type { IncomingMessage } from 'node:http'
import { fail, isObject } from './asserts.ts'
import type { Frame } from './socket.ts'
import type { Trace } from './trace.ts'

/** Server-sent events of the stand-by link, as they come. */
export interface Stream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly frames: readonly Frame[]
  /** Comment lines received so far. */
  readonly comments: readonly string[]
  next(what: string, match: (frame: Frame) => boolean, withinMs?: number): Promise<Frame>
  comment(withinMs: number): Promise<string>
  ended(withinMs: number): Promise<void>
  end(): void
}

const POLL_EVERY_MS = 20

export function stream(response: IncomingMessage, trace: Trace, label: string): Stream {
  const frames: Frame[] = []
  const comments: string[] = []
  let rest = ''
  let hasEnded = false
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    rest += chunk
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      readLine(rest.slice(0, end).replace(/\r$/, ''))
      rest = rest.slice(end + 1)
    }
  })
  const markEnd = () => {
    hasEnded = true
  }
  response.on('end', markEnd)
  response.on('close', markEnd)
  response.on('error', markEnd)

  function readLine(line: string): void {
    if (line !== '') trace.note(`← ${label} ${line}`)
    if (line.startsWith(':')) comments.push(line)
    if (line.startsWith('data:')) frames.push(parse(line.slice(5)))
  }

  async function until<T>(what: string, withinMs: number, probe: () => T | undefined): Promise<T> {
    const end = Date.now() + withinMs
    for (;;) {
      const found = probe()
      if (found !== undefined) return found
      if (Date.now() > end) fail(`${what} did not arrive on the stream within ${withinMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS))
    }
  }

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    frames,
    comments,
    next: (what, match, withinMs = 5_000) => until(what, withinMs, () => frames.find(match)),
    comment: (withinMs) => until('a comment', withinMs, () => comments[0]),
    ended: async (withinMs) => {
      await until('the end', withinMs, () => (hasEnded ? true : undefined))
    },
    end: () => response.destroy(),
  }
}

function parse(text: string): Frame {
  const value: unknown = JSON.parse(text)
  return isObject(value) ? value : fail(`a data line that is no JSON object: ${text}`)
}
