import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether an `Authorization` header shows one of the keys; how long it takes tells nothing of them. */
export function bearsServiceKey(header: string | undefined, serviceKeys: readonly string[]): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const given = digest(header ?? '')
  return serviceKeys.some((key) => timingSafeEqual(given, digest(`Bearer ${key}`)))
}
