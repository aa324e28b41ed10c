/** Where a server that is not ours lies on this machine. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** `sbin` is often missing from an ordinary user's path. */
const USUAL_PLACES = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/bin',
  '/usr/lib/rabbitmq/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
]

/** The path of the first of these programs that is there. Throws `NotInstalled`. */
export function findProgram(names: readonly string[], product: string): string {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...USUAL_PLACES]
  for (const name of names) {
    for (const place of places) {
      const path = join(place, name)
      if (place !== '' && existsSync(path)) return path
    }
  }
  throw new NotInstalled(product)
}

export class NotInstalled extends Error {
  readonly product: string

  constructor(product: string) {
    super(`${product} is not installed on this machine`)
    this.name = 'NotInstalled'
    this.product = product
  }
}
