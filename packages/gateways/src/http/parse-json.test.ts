import { ParleyError } from '@parley/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JSON_MAX_DEPTH, parseJson } from './parse-json.ts'

const parse = (text: string) => parseJson(Buffer.from(text))
const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`

test('ordinary JSON comes out as it went in', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: true }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('__proto__') && !text.includes('constructor') && !text.includes('\\u0000'))
      expect(parse(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('depth holds at the bound and one past it', () => {
  expect(parse(nested(JSON_MAX_DEPTH))).toBeDefined()
  expect(() => parse(nested(JSON_MAX_DEPTH + 1))).toThrow(ParleyError)
})

test('a key that would touch a prototype is refused', () => {
  for (const text of [
    '{"__proto__":1}',
    '{"a":[{"__proto__":{}}]}',
    '{"constructor":{"prototype":{}}}',
    '{"\\u005f_proto__":1}',
  ]) {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'invalid_json' }))
  }
  expect(parse('{"constructor":"a person"}')).toEqual({ constructor: 'a person' })
})

test('broken text is refused and named by its path', () => {
  const refused = (text: string) => {
    try {
      parse(text)
    } catch (error) {
      return error instanceof ParleyError ? error.details : error
    }
  }
  expect(refused('{"a":{"b":["x","\\ud800"]}}')).toHaveProperty('fields', { 'a.b.1': expect.any(String) })
  expect(refused('"\\u0000"')).toHaveProperty('fields.body')
  expect(refused('{"\\ud800":1}')).toHaveProperty('fields.body')
  expect(parse('"\\ud83d\\udc4d"')).toBe('👍')
})
