/** JSON lines made readable, one line each, for a person who looks at a terminal. */
import type { DestinationStream } from 'pino'

const COLOURS: Readonly<Record<string, string>> = {
  trace: '\u001b[90m',
  debug: '\u001b[90m',
  info: '\u001b[36m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[31m',
}
const DIM = '\u001b[2m'
const PLAIN = '\u001b[0m'

export function createPrettyStream(sink: DestinationStream): DestinationStream {
  return { write: (line) => sink.write(prettyLine(line)) }
}

/** `12:03:04.123 INFO message key=value`, an error's stack below; a line that is not JSON stays as it is. */
export function prettyLine(line: string): string {
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line) as Record<string, unknown>
  } catch {
    return line
  }
  const { level, time, msg, ...fields } = record
  const clock = String(time).slice(11, 23)
  const label = String(level)
  const stacks: string[] = []
  const details = Object.entries(fields).map(([key, value]) => {
    if (isError(value)) {
      if (label === 'error' || label === 'fatal') stacks.push(value.stack)
      return `${key}=${JSON.stringify(value.message)}`
    }
    return `${key}=${typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value)}`
  })
  const head = `${DIM}${clock}${PLAIN} ${COLOURS[label] ?? ''}${label.toUpperCase().padEnd(5)}${PLAIN} ${String(msg ?? '')}`
  const tail = details.length === 0 ? '' : ` ${DIM}${details.join(' ')}${PLAIN}`
  return `${[head + tail, ...stacks].join('\n')}\n`
}

function isError(value: unknown): value is { message: string; stack: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    'stack' in value &&
    typeof value.stack === 'string'
  )
}
