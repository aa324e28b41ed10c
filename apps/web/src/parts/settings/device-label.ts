/** In order: a browser that is built on another names both. */
const browsers: readonly (readonly [string, RegExp])[] = [
  ['Edge', /Edg(?:e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Samsung Internet', /SamsungBrowser\//],
  ['Firefox', /(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:HeadlessChrome|Chrome|CriOS)\//],
  ['Safari', /Version\/.*Safari\//],
]
const systems: readonly (readonly [string, RegExp])[] = [
  ['Android', /Android/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
]

/** A user agent as a person would say it; anything else as it is. */
export function deviceLabel(userAgent: string): string {
  const find = (table: typeof browsers) => table.find(([, pattern]) => pattern.test(userAgent))?.[0]
  const known = [find(browsers), find(systems)].filter((part) => part !== undefined)
  return known.length === 0 ? userAgent || '–' : known.join(' · ')
}
