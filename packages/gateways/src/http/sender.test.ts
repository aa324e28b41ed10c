import { expect, test } from 'vitest'
import { localeOf } from './sender.ts'

test.for([
  [undefined, 'en'],
  ['', 'en'],
  ['vi', 'vi'],
  ['vi-VN,vi;q=0.9,en;q=0.8', 'vi'],
  ['en-GB,en;q=0.9,vi;q=0.8', 'en'],
  ['fr-FR,fr;q=0.9,VI-vn;q=0.2', 'vi'],
  ['en;q=0.3, vi;q=0.7', 'vi'],
  ['vi;q=0, en;q=0.1', 'en'],
  ['vi;q=0', 'en'],
  ['fr, de', 'en'],
  ['video', 'en'],
  [';;q=,,vi;q=x', 'vi'],
] as const)('Accept-Language "%s" asks for %s', ([header, locale]) => {
  expect(localeOf({ headers: header === undefined ? {} : { 'accept-language': header } })).toBe(locale)
})
