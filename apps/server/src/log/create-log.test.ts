import { expect, test } from 'vitest'
import { createLog, SECRET_FIELDS } from './create-log.ts'

function setUp(pretty = false) {
  const lines: string[] = []
  const log = createLog({ level: 'trace', pretty, destination: { write: (line) => void lines.push(line) } })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

test.for(SECRET_FIELDS)('a field called %s never shows its value, at any of three depths', (field) => {
  const { log, lines } = setUp()
  log.info({ [field]: 'hush-hush' }, 'flat')
  log.info({ request: { [field]: 'hush-hush' } }, 'deeper')
  log.info({ request: { headers: { [field]: 'hush-hush' } } }, 'deepest')
  expect(lines).toHaveLength(3)
  expect(lines.join('')).not.toContain('hush-hush')
})

test('an error shows its words, its code and its cause, and none of its other fields', () => {
  const { log, last } = setUp()
  const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
  log.error({ err: Object.assign(new Error('no database', { cause }), { detail: 'hush-hush' }) }, 'failed')
  expect(last()).toMatchObject({
    level: 'error',
    msg: 'failed',
    err: { message: 'no database', cause: { code: 'ECONNREFUSED' } },
  })
  expect(JSON.stringify(last())).not.toContain('hush-hush')
})

test('a terminal gets one readable line with the fields behind it', () => {
  const { log, lines } = setUp(true)
  log.info({ request_id: 'r1', duration_ms: 1.5 }, 'request')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(
    /^\S*\d\d:\d\d:\d\d\.\d{3}\S* \S*INFO \S* request .*request_id=r1 duration_ms=1\.5\S*\n$/,
  )
})

test('a terminal shows the stack of an error and still only one line of a warning', () => {
  const { log, lines } = setUp(true)
  log.warn({ error: new Error('soon') }, 'careful')
  log.error({ error: new Error('now') }, 'broken')
  expect(lines[0]?.trimEnd().split('\n')).toHaveLength(1)
  expect(lines[1]).toContain('\nError: now\n    at ')
})
