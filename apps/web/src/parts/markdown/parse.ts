/**
 * Markdown of a message, as a tree of tokens. HTML is no part of it: the tokenizers for tags are switched
 * off, so `<b>` stays the text that was typed, and nothing here or in `markdown.tsx` makes HTML from text.
 */
import { Marked, type Token } from 'marked'

const nothing = () => undefined

const reader = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    html: nothing,
    tag: nothing,
    // "Total\n---" is a line and a rule to people who chat, not a heading; "[note]: …" is a sentence.
    lheading: nothing,
    def: nothing,
  },
})

/** Text without any of these is drawn as it is: most messages, and the parser is never asked. */
const marked = /[*_`~[\]\\|<#&]|^\s*(?:[-+>]|\d+[.)])|https?:|www\.|@|\n/m

/** `null` for plain text. */
export function parseMarkdown(body: string): readonly Token[] | null {
  return marked.test(body) ? reader.lexer(body) : null
}

const safeSchemes = new Set(['http:', 'https:', 'mailto:'])

/** The address if a click on it can do no harm, else `null`. */
export function safeHref(href: string): string | null {
  if (!URL.canParse(href)) return null
  return safeSchemes.has(new URL(href).protocol) ? href : null
}

/** Splits text at `@name`; odd elements are names. The dots and dashes of names stay inside, not at the end. */
export function splitMentions(text: string): readonly string[] {
  return text.split(/(?<![\w@.-])@([a-z0-9][a-z0-9_.-]{1,30}[a-z0-9])/iu)
}
