/** Which bytes a `Range` header asks for (RFC 9110, one range of bytes). */
import type { ByteRange } from '@parley/contracts'

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/

/** `undefined`: everything, also for several ranges and what is no range of bytes. `unsatisfiable`: nothing lies there. */
export function resolveRange(
  header: string | undefined,
  totalBytes: number,
): ByteRange | undefined | 'unsatisfiable' {
  const match = RANGE.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return undefined
  if (from === '') {
    const last = Number(to)
    if (last === 0 || totalBytes === 0) return 'unsatisfiable'
    return { start: Math.max(0, totalBytes - last), end: totalBytes - 1 }
  }
  const start = Number(from)
  const end = to === '' ? totalBytes - 1 : Math.min(Number(to), totalBytes - 1)
  if (to !== '' && Number(to) < start) return undefined
  return start >= totalBytes ? 'unsatisfiable' : { start, end }
}
