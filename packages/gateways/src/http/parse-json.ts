import { isUtf8 } from 'node:buffer'
import { isStorable, ParleyError } from '@parley/protocol'

/** Nothing in the contract is deeper than four. */
export const JSON_MAX_DEPTH = 32

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * JSON as PostgreSQL and every later reader can carry it. Throws `invalid_json` for what is not JSON, is nested
 * deeper than `JSON_MAX_DEPTH` or would touch a prototype; `invalid_request` naming the field for text with NUL
 * or lone surrogates, which JSON can spell (`"\ud800"`) and UTF-8 cannot.
 */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ParleyError('invalid_json', { message: 'This is not valid UTF-8.' })
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch {
    throw new ParleyError('invalid_json')
  }
  inspect(value, [])
  return value
}

function inspect(value: unknown, path: string[]): void {
  if (typeof value === 'string') {
    if (!isStorable(value)) refuseText(path)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (path.length >= JSON_MAX_DEPTH) {
    throw new ParleyError('invalid_json', { message: `This is nested deeper than ${JSON_MAX_DEPTH} levels.` })
  }
  for (const key of Object.keys(value)) {
    if (!isStorable(key)) refuseText(path)
    const inner: unknown = Reflect.get(value, key)
    if (key === '__proto__' || (key === 'constructor' && hasPrototype(inner))) {
      throw new ParleyError('invalid_json', { message: `The key ${key} is not allowed.` })
    }
    path.push(key)
    inspect(inner, path)
    path.pop()
  }
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}

function refuseText(path: readonly string[]): never {
  const field = path.length === 0 ? 'body' : path.join('.')
  throw new ParleyError('invalid_request', {
    details: { fields: Object.fromEntries([[field, 'must not contain NUL or broken characters']]) },
  })
}
