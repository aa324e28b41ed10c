const KEPT_LINES = 60
const LINE_LENGTH = 500

/** What one case sent and received, the newest last: printed when the case fails. */
export interface Trace {
  note(line: string): void
  last(count: number): string[]
  /** Milliseconds this case has spent waiting because the target said it was rate limited. */
  waitedMs(): number
  waiting(ms: number): void
}

export function createTrace(): Trace {
  const lines: string[] = []
  let waited = 0
  return {
    note(line) {
      lines.push(
        line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}… (${line.length} characters)` : line,
      )
      if (lines.length > KEPT_LINES) lines.shift()
    },
    last: (count) => lines.slice(-count),
    waitedMs: () => waited,
    waiting(ms) {
      waited += ms
    },
  }
}
