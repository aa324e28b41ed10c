/** Finds words on a page that were not translated. */
import type { Page } from 'playwright-core'
import { en } from '../../apps/web/src/i18n/en.ts'
import { vi } from '../../apps/web/src/i18n/vi.ts'

type Texts = { readonly [key: string]: string | Texts }

const flat = (texts: Texts): readonly string[] =>
  Object.values(texts).flatMap((text) => (typeof text === 'string' ? [text] : flat(text)))

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** What only English says, as patterns of whole texts: `{{count}}` stands for anything. */
function englishPatterns(): readonly RegExp[] {
  const vietnamese = new Set(flat(vi))
  return flat(en)
    .filter((text) => !vietnamese.has(text) && /[a-z]{2}/i.test(text.replaceAll(/\{\{\w+\}\}/g, '')))
    .map(
      (text) =>
        new RegExp(
          `^${text
            .split(/\{\{\w+\}\}/)
            .map(escaped)
            .join('.+')}$`,
        ),
    )
}

/** Everything a person reads or hears: texts, names, hints, titles. What people wrote themselves is left out. */
const COLLECT = `[
  document.title,
  ...[...document.querySelectorAll('[aria-label], [placeholder], [title], [alt]')].flatMap((one) =>
    ['aria-label', 'placeholder', 'title', 'alt'].map((name) => one.getAttribute(name) ?? '')),
  ...[...document.querySelectorAll('body *:not(script, style)')].flatMap((one) =>
    [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data)),
].map((text) => text.trim()).filter((text) => text !== '')`

const patterns = englishPatterns()

export async function englishOn(page: Page): Promise<readonly string[]> {
  const texts = await page.evaluate<string[]>(COLLECT)
  return [...new Set(texts.filter((text) => patterns.some((pattern) => pattern.test(text))))]
}
