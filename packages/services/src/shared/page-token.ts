import { ParleyError } from '@parley/protocol'

/** An opaque page position: the sort key of the last row, so that a page is found by index and never by counting. */
export function encodePage(position: Readonly<Record<string, string | number>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** `integer` is one that PostgreSQL takes for an `int`, `seq` one of a room's log. */
type Kind = 'string' | 'number' | 'integer' | 'seq'

/** Throws `invalid_request` for anything that `encodePage` did not make. */
export function decodePage(
  token: string,
  fields: Readonly<Record<string, Kind>>,
): Record<string, string | number> {
  try {
    const position: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (typeof position === 'object' && position !== null) {
      const found = position as Record<string, unknown>
      if (Object.entries(fields).every(([field, kind]) => isOf(kind, found[field]))) {
        return found as Record<string, string | number>
      }
    }
  } catch {
    // Falls through: not ours.
  }
  throw new ParleyError('invalid_request', {
    details: { fields: { cursor: 'is not a cursor of this list' } },
  })
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'string') return typeof value === 'string' && value.length <= 100 && !value.includes('\u0000')
  if (kind === 'number') return Number.isFinite(value)
  return kind === 'seq'
    ? Number.isSafeInteger(value)
    : Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31
}
