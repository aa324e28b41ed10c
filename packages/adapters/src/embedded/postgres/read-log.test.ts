import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { type LogLevel, readLog } from './read-log.ts'

/** Feeds a text through a stream and returns what reached the log. */
async function logged(text: string, unlabelled: LogLevel = 'error'): Promise<[LogLevel, string][]> {
  const stream = new PassThrough()
  const lines: [LogLevel, string][] = []
  readLog(stream, unlabelled, (line, level) => lines.push([level, line]))
  stream.end(text)
  await new Promise((resolve) => stream.on('close', resolve))
  return lines
}

test.each([
  ['7 LOG:  checkpoint starting: time', 'info'],
  ['7 NOTICE:  table "x" does not exist, skipping', 'info'],
  ['7 DEBUG1:  rehashing', 'info'],
  ['7 WARNING:  out of locks', 'warn'],
  ['7 ERROR:  deadlock detected', 'error'],
  ['7 FATAL:  sorry, too many clients already', 'error'],
  ['7 PANIC:  could not write to file', 'error'],
  ['7 FATAL:  terminating connection due to administrator command', 'info'],
  ['2026-11-21 03:35:58.044 UTC [5675] LOG:  checkpoint complete', 'info'],
  ['backend> 2026-11-21 03:35:58.044 UTC [5675] ERROR:  database "postgres" does not exist', 'error'],
  ['initdb: error: could not create directory', 'error'],
  ['initdb: warning: enabling "trust"', 'warn'],
  ['initdb: removing contents of data directory', 'info'],
] as const)('%s is logged as %s', async (line, level) => {
  expect(await logged(`${line}\n`)).toEqual([[level, line]])
})

test('a complaint of the linker or the shell is an error, progress of initdb is not', async () => {
  const line = 'postgres: error while loading shared libraries: libstdc++.so.6: cannot open'
  expect(await logged(`${line}\n`)).toEqual([['error', line]])
  expect(await logged('creating subdirectories ... ok\n', 'info')).toEqual([
    ['info', 'creating subdirectories ... ok'],
  ])
})

test('what continues a report has its level', async () => {
  const text =
    '7 FATAL:  lock file "postmaster.pid" already exists\n7 HINT:  Is another running?\n\tSecond line\n'
  expect((await logged(text)).map(([level]) => level)).toEqual(['error', 'error', 'error'])
})

test('details of a failed statement, which quote what people wrote, are not logged', async () => {
  const lines = [
    '7 ERROR:  new row violates check constraint "short"',
    '7 DETAIL:  Failing row contains (1, secret ERROR:  not a report).',
    '\tsecret, second line',
    '7 CONTEXT:  COPY message, line 1: "secret"',
    '7 STATEMENT:  insert into message values (secret)',
    '7 HINT:  Shorten it.',
    '8 LOG:  next',
  ]
  expect((await logged(`${lines.join('\n')}\n`)).map(([, line]) => line)).toEqual([
    '7 ERROR:  new row violates check constraint "short"',
    '7 HINT:  Shorten it.',
    '8 LOG:  next',
  ])
})

test('a last line without its line break is not lost', async () => {
  expect(await logged('7 PANIC:  could not')).toEqual([['error', '7 PANIC:  could not']])
})
