import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCatalogue } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { call as enCall } from './en-call.ts'
import { callAround as enCallAround } from './en-call-around.ts'
import { callTest as enCallTest } from './en-call-test.ts'
import { vi } from './vi.ts'
import { call as viCall } from './vi-call.ts'
import { callAround as viCallAround } from './vi-call-around.ts'
import { callTest as viCallTest } from './vi-call-test.ts'

const SOURCES = join(import.meta.dirname, '..')

/** `a.b.c` → text, for every text of a catalogue. */
function flatten(catalogue: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(catalogue).flatMap(([key, value]) =>
      typeof value === 'string' ? [[path + key, value] as const] : [...flatten(value, `${path}${key}.`)],
    ),
  )
}

const texts = {
  en: flatten({ ...en, call: enCall, callAround: enCallAround, callTest: enCallTest }),
  vi: flatten({ ...vi, call: viCall, callAround: viCallAround, callTest: viCallTest }),
}
const PLURAL = /_(?:zero|one|two|few|many|other)$/
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort()
/** Keys as the screens use them: i18next chooses among the plural forms. */
const usedKeys = (catalogue: Map<string, string>) =>
  [...new Set([...catalogue.keys()].map((key) => key.replace(PLURAL, '')))].sort()

describe('the catalogues', () => {
  it('have the same keys, each with a text of its own', () => {
    expect(usedKeys(texts.vi)).toEqual(usedKeys(texts.en))
    for (const [key, text] of [...texts.en, ...texts.vi]) expect(text.trim(), key).not.toBe('')
  })

  it.each(['en', 'vi'] as const)('have every plural form that %s has', (language) => {
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    const bases = [...texts[language].keys()]
      .filter((key) => PLURAL.test(key))
      .map((key) => key.replace(PLURAL, ''))
    expect(bases.length).toBeGreaterThan(5)
    for (const base of new Set(bases)) {
      for (const category of categories)
        expect(texts[language].has(`${base}_${category}`), `${base}_${category}`).toBe(true)
    }
  })

  it('name the same things in every language', () => {
    for (const [key, text] of texts.vi) {
      const english = texts.en.get(key)
      if (english !== undefined) expect(placeholders(text), key).toEqual(placeholders(english))
    }
  })

  it('have a sentence for every code of the contract', () => {
    for (const code of Object.keys(errorCatalogue)) expect(texts.en.has(`error.${code}`), code).toBe(true)
  })

  it('are where every text of the screens comes from', () => {
    const files = globSync('**/*.tsx', { cwd: SOURCES })
    expect(files.length).toBeGreaterThan(20)
    const found = files.flatMap((file) =>
      hardCoded(readFileSync(join(SOURCES, file), 'utf8')).map((text) => `${file}: ${text}`),
    )
    expect(found).toEqual([])
  })
})

/** Words between tags, and words in attributes that are read out. Names of keys on a keyboard are the same everywhere. */
function hardCoded(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
  const between = [
    ...code.matchAll(/<\/?[A-Za-z][\w.]*(?:\s[^<>]*)?>([^<>{}()=;]*\p{L}{2,}[^<>{}()=;]*)<\//gu),
  ].map((match) => match[1]?.trim() ?? '')
  const attributes = [
    ...code.matchAll(/\b(?:aria-label|title|placeholder|alt|label)="([^"]*\p{L}{2,}[^"]*)"/gu),
  ].map((match) => match[1] ?? '')
  return [...between, ...attributes].filter(
    (text) => text !== '' && !/^(?:Ctrl K|Enter|Shift|Esc)$/.test(text),
  )
}
