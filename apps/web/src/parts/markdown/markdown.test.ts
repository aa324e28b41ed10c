import { describe, expect, it } from 'vitest'
import { parseMarkdown, safeHref, splitMentions } from './parse.ts'
import { plainText } from './plain-text.ts'

const types = (body: string) => JSON.stringify(parseMarkdown(body)).match(/"type":"(\w+)"/g) ?? []

describe('Markdown of a message', () => {
  it('leaves HTML as the text that was typed', () => {
    for (const body of [
      '<b>x</b>',
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '<!-- x -->',
      'a <i>b</i>',
    ])
      expect(types(body).join()).not.toContain('"html"')
  })

  it('knows emphasis, code, lists, quotes and links', () => {
    const found = types('**b** *i* `c`\n\n```\nx\n```\n\n- one\n\n> q\n\n[a](https://b.example)').join()
    for (const type of ['strong', 'em', 'codespan', 'code', 'list', 'blockquote', 'link'])
      expect(found).toContain(`"${type}"`)
  })

  it('keeps a sentence that looks like a link definition, and a line above a rule', () => {
    expect(types('[note]: read this').join()).not.toContain('"def"')
    expect(types('Total\n---').join()).not.toContain('"heading"')
  })

  it('does not parse plain text at all', () => {
    expect(parseMarkdown('Hẹn gặp lúc 14:00, phòng họp tầng ba.')).toBeNull()
  })

  it('lets only harmless schemes be clicked', () => {
    expect(safeHref('https://a.example/x?y=1')).toBe('https://a.example/x?y=1')
    expect(safeHref('mailto:a@b.example')).toBe('mailto:a@b.example')
    for (const href of [
      'javascript:alert(1)',
      ' JaVaScRiPt:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'file:///etc/passwd',
      '/r/x',
      '//evil.example',
    ])
      expect(safeHref(href)).toBeNull()
  })

  it('finds names after an @ and not the ones inside addresses', () => {
    expect(splitMentions('hi @ann, and @minh.tran.')).toEqual(['hi ', 'ann', ', and ', 'minh.tran', '.'])
    expect(splitMentions('a@example.org')).toEqual(['a@example.org'])
  })
})

describe('plain text of a message', () => {
  it('drops the marks and keeps the words, on one line', () => {
    expect(plainText('**Bold** and `code`\n\n- [a link](https://x.example)\n> quoted')).toBe(
      'Bold and code a link quoted',
    )
    expect(plainText('snake_case_name stays')).toBe('snake_case_name stays')
    expect(plainText('```ts\nconst a = 1\n```')).toBe('const a = 1')
  })
})
