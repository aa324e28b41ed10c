import { expect, test } from 'vitest'
import { holdsKey, judgeScraper } from './judge-caller.ts'

const [HERE, REMOTE] = ['127.0.0.1', '203.0.113.9']
const arrive = (remoteAddress: string | undefined, headers: Record<string, string> = {}) => ({
  headers,
  socket: { remoteAddress },
})

test('this machine may read the metrics, and a proxy or a page on it does not count as it', () => {
  for (const address of [HERE, '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    expect([address, judgeScraper(arrive(address), null)]).toEqual([address, 'welcome'])
  for (const address of [REMOTE, '::ffff:203.0.113.9', '127.evil', '', undefined])
    expect([address, judgeScraper(arrive(address), null)]).toEqual([address, 'hidden'])
  for (const header of ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'x-real-ip', 'via', 'origin'])
    expect([header, judgeScraper(arrive(HERE, { [header]: 'x' }), undefined)]).toEqual([header, 'hidden'])
})

test('from elsewhere the token opens, a wrong one is refused, and without one nothing is there', () => {
  const judge = (authorization: string) => judgeScraper(arrive(REMOTE, { authorization }), 'scrape-me')
  expect([judge('Bearer scrape-me'), judge('Bearer scrape-m'), judge('scrape-me')]).toEqual([
    'welcome',
    'refused',
    'refused',
  ])
  expect(judgeScraper(arrive(REMOTE), 'scrape-me')).toBe('hidden')
  expect(judgeScraper(arrive(REMOTE, { authorization: 'Bearer null' }), null)).toBe('hidden')
})

test('any of several keys opens, and no key opens nothing', () => {
  const { headers } = arrive(REMOTE, { authorization: 'Bearer old' })
  expect(holdsKey({ headers }, ['new', 'old'])).toBe(true)
  expect(holdsKey({ headers }, ['new'])).toBe(false)
  expect(holdsKey({ headers }, [])).toBe(false)
  expect(holdsKey(arrive(REMOTE), [''])).toBe(false)
})
