import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export type LogLevel = 'info' | 'warn' | 'error'
export type WriteLog = (line: string, level: LogLevel) => void

/** `123 LOG:  text`, where 123 is the process id that log_line_prefix puts there; two spaces are its mark. */
const REPORT = /(DEBUG\d|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC): {2}/
const SUPPLEMENT = /(DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE): {2}/
/** `initdb: error: text` */
const TOOL = /^(?:initdb|postgres): (error|warning|hint|detail|fatal|removing)\b/

const LEVELS: Readonly<Record<string, LogLevel>> = {
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'error',
  PANIC: 'error',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
}

/** Somebody ended that connection on purpose; our own stop() does it to every open one. */
const ROUTINE_FATAL = 'terminating connection due to administrator command'

/**
 * Tells the level of each line PostgreSQL writes. Lines that continue a report (HINT, wrapped text) share
 * its level. What follows an ERROR as DETAIL, CONTEXT, QUERY or STATEMENT is dropped (`undefined`): it
 * quotes what people wrote ("Failing row contains …"), and the client that caused it has been told.
 *
 * @param unlabelled level of a line in no known form: the linker's and the shell's complaints on stderr are
 * errors, initdb's progress on stdout is not.
 */
export function createLevelReader(unlabelled: LogLevel): (line: string) => LogLevel | undefined {
  let level: LogLevel = unlabelled
  let quotesPeople = false
  let hidden = false
  return (line) => {
    const report = REPORT.exec(line) ?? TOOL.exec(line)
    const supplement = SUPPLEMENT.exec(line)
    // The word that comes first is the line's own; a later one is quoted text.
    if (supplement !== null && (report === null || supplement.index < report.index)) {
      hidden = quotesPeople && supplement[1] !== 'HINT'
    } else if (report !== null) {
      const word = report[1] ?? ''
      if (word !== 'hint' && word !== 'detail') level = LEVELS[word] ?? 'info'
      if (word === 'FATAL' && line.endsWith(ROUTINE_FATAL)) level = 'info'
      quotesPeople = word === 'ERROR'
      hidden = false
    } else if (!line.startsWith('\t')) {
      level = unlabelled
      quotesPeople = hidden = false
    }
    return hidden ? undefined : level
  }
}

/** Writes every line of the stream to `log` at its level, until the stream ends. */
export function readLog(stream: Readable, unlabelled: LogLevel, log: WriteLog): void {
  const levelOf = createLevelReader(unlabelled)
  createInterface({ input: stream }).on('line', (line) => {
    const level = levelOf(line)
    if (level !== undefined && line.trim() !== '') log(line, level)
  })
}
