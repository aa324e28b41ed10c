/** What the contract says was not what came. Every failing check throws this, so a bug of the suite looks different. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export function fail(message: string): never {
  throw new Broken(message)
}

export function ok(condition: unknown, message: string): asserts condition {
  if (!condition) fail(message)
}

/** JSON text of `value`, cut to `length` characters, for messages people read. */
export function show(value: unknown, length = 400): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`
}

/** Deep equality by JSON text: enough for what JSON can carry. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual === expected) return
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    fail(`${what}: expected ${show(expected)}, got ${show(actual)}`)
  }
}

export function oneOf(actual: unknown, allowed: readonly unknown[], what: string): void {
  if (!allowed.includes(actual)) fail(`${what}: expected one of ${show(allowed)}, got ${show(actual)}`)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a dotted path, `undefined` where the path ends early. */
export function at(value: unknown, path: string): unknown {
  let current = value
  for (const key of path.split('.')) {
    if (Array.isArray(current)) current = current[Number(key)]
    else if (isObject(current)) current = current[key]
    else return undefined
  }
  return current
}

function field(value: unknown, path: string | undefined): unknown {
  return path === undefined ? value : at(value, path)
}

function wrongType(value: unknown, path: string | undefined, type: string): never {
  fail(
    `expected ${type}${path === undefined ? '' : ` in \`${path}\``}, got ${show(field(value, path))} (in ${show(value)})`,
  )
}

export function str(value: unknown, path?: string): string {
  const found = field(value, path)
  return typeof found === 'string' ? found : wrongType(value, path, 'a string')
}

export function num(value: unknown, path?: string): number {
  const found = field(value, path)
  return typeof found === 'number' ? found : wrongType(value, path, 'a number')
}

export function bool(value: unknown, path?: string): boolean {
  const found = field(value, path)
  return typeof found === 'boolean' ? found : wrongType(value, path, 'a boolean')
}

export function list(value: unknown, path?: string): unknown[] {
  const found = field(value, path)
  return Array.isArray(found) ? found : wrongType(value, path, 'a list')
}

export function obj(value: unknown, path?: string): Record<string, unknown> {
  const found = field(value, path)
  return isObject(found) ? found : wrongType(value, path, 'an object')
}

/** Asks until `probe` gives something, for promises that hold "at once" but travel between processes. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    if (Date.now() > end) fail(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
