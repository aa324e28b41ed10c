import { ParleyError } from '@parley/protocol'

/** An opaque page position: the sort key of the last row, so that a page is found by index and never by counting. */
export function encodePage(position: Readonly<Record<string, string | number>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** Throws `invalid_request` for anything that `encodePage` did not make. */
export function decodePage(
  token: string,
  fields: Readonly<Record<string, 'string' | 'number'>>,
): Record<string, string | number> {
  try {
    const position: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (typeof position === 'object' && position !== null) {
      const found = position as Record<string, unknown>
      if (
        Object.entries(fields).every(
          ([field, type]) => typeof found[field] === type && isStorable(found[field]),
        )
      ) {
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

function isStorable(value: unknown): boolean {
  return typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' && value.length <= 100 && !value.includes('\u0000')
}
