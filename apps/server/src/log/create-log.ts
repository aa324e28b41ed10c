/** The process's log: JSON lines, or readable ones on a terminal. What is secret never gets into it. */
import pino, { type DestinationStream, type Logger } from 'pino'
import type { LogLevel } from '../settings/kinds.ts'
import { createPrettyStream } from './pretty-stream.ts'

/** Field names that may hold a secret, wherever a log line carries them up to two objects deep. */
export const SECRET_FIELDS = [
  'password',
  'current',
  'next',
  'token',
  'access_token',
  'refresh_token',
  'setup_code',
  'totp',
  'authorization',
  'cookie',
  'set-cookie',
  'secret',
  'body',
]
export interface LogOptions {
  readonly level: LogLevel
  /** Readable lines instead of JSON. */
  readonly pretty: boolean
  /** Which of many processes says it; in each line. */
  readonly process?: string | undefined
  /** Where complete lines go; standard error by default. */
  readonly destination?: DestinationStream
}

export function createLog({ level, pretty, process, destination }: LogOptions): Logger {
  const sink = destination ?? standardError()
  return pino(
    {
      level,
      base: process === undefined ? null : { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap(secretPaths), censor: '[secret]' },
      serializers: { error: errorText, err: errorText },
    },
    pretty ? createPrettyStream(sink) : sink,
  )
}

function standardError(): DestinationStream {
  // Synchronous: a line about a crash must be out before the process is.
  const sink = pino.destination({ fd: 2, sync: true })
  // Whoever read the log has gone (`| head`): that is no reason to stop serving.
  sink.on('error', () => undefined)
  return sink
}

function secretPaths(field: string): string[] {
  const key = /^\w+$/.test(field) ? field : `["${field}"]`
  const below = key.startsWith('[') ? key : `.${key}`
  return [key, `*${below}`, `*.*${below}`]
}

/** An error's own words, its code and its stack; never its other fields, which may quote what people wrote. */
function errorText(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: error.stack,
    ...(error.cause instanceof Error ? { cause: errorText(error.cause) } : {}),
  }
}
