import { describe, expect, it } from 'vitest'
import { formatMoment, mailTexts } from './texts.ts'
import { cleanWords, NAME_MAX_CHARS } from './words.ts'
import { writeLetter } from './write-letter.ts'

describe('words of others', () => {
  it('are one line of bounded length, without what cannot be seen', () => {
    expect(cleanWords('  a\r\nBcc: b\t c\u0000 ')).toBe('a Bcc: b c')
    expect(cleanWords('right\u202eleft\u200b\ufeff')).toBe('right left')
    expect(cleanWords('👩‍👩‍👧 family')).toBe('👩‍👩‍👧 family')
    expect(cleanWords('x'.repeat(NAME_MAX_CHARS))).toHaveLength(NAME_MAX_CHARS)
    expect(cleanWords('x'.repeat(NAME_MAX_CHARS + 1))).toBe(`${'x'.repeat(NAME_MAX_CHARS - 1)}…`)
    expect([...cleanWords('😀'.repeat(100), 10)]).toHaveLength(10)
    expect(cleanWords('broken \ud800 half')).toBe('broken \ufffd half')
  })

  it('are no links to any mail program, and read the same', () => {
    const texts = [
      'http://evil.example/x',
      'www.evil.example',
      'pаypal.com',
      'write to eve@evil.example',
      'a.b.c',
    ]
    for (const text of texts) {
      const clean = cleanWords(text)
      expect(clean).not.toMatch(/[\p{L}\p{N}]\.[\p{L}\p{N}]|:\/\/|@[\p{L}]/u)
      expect(clean.replaceAll('\u2060', '')).toBe(text)
    }
    expect(cleanWords('Well. Yes… 3.5')).toBe('Well. Yes… 3.\u20605')
  })
})

describe('a letter', () => {
  it('says the same in words and in HTML, where nothing but our own parts is markup', () => {
    const { subject, text, html } = writeLetter({
      locale: 'vi',
      subject: 'A & <b>',
      parts: [
        { type: 'words', text: 'two\nlines <i>' },
        { type: 'heading', text: '"Tea" & more' },
        { type: 'said', who: '<Ann>', text: '</p><script>' },
        { type: 'said', who: 'Ben added you', text: '' },
        { type: 'link', label: 'Go', url: 'https://chat.example.org/?a=1&b="2"' },
        { type: 'small', text: 'Stop', url: 'https://chat.example.org/stop' },
      ],
    })
    expect(subject).toBe('A & <b>')
    expect(text).toBe(
      'two\nlines <i>\n\n— "Tea" & more —\n\n<Ann>:\n  </p><script>\n\nBen added you\n\nGo:\nhttps://chat.example.org/?a=1&b="2"\n\nStop\nhttps://chat.example.org/stop\n',
    )
    expect(html).toContain('<html lang="vi">')
    expect(html).toContain('two<br>lines &lt;i&gt;')
    expect(html).toContain('&quot;Tea&quot; &amp; more')
    expect(html).toContain('<strong>&lt;Ann&gt;</strong><br>&lt;/p&gt;&lt;script&gt;')
    expect(html).toContain('href="https://chat.example.org/?a=1&amp;b=&quot;2&quot;"')
    expect(html).not.toMatch(/<(script|i|b|img|style|link)\b/)
  })

  it('has all of its sentences in both languages, and no sentence in the wrong one', () => {
    const sentences = (texts: object): string[] =>
      Object.values(texts).flatMap((value: unknown) => {
        if (typeof value === 'function') return [String(value('A', 'B', 'C'))]
        return typeof value === 'object' && value !== null ? sentences(value) : [String(value)]
      })
    const [english, vietnamese] = [sentences(mailTexts.en), sentences(mailTexts.vi)]
    expect(vietnamese).toHaveLength(english.length)
    const same = english.filter((sentence, n) => sentence === vietnamese[n])
    // A name alone.
    expect(same).toEqual(['A', 'A'])
    const accents = /[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]/i
    expect(english.filter((sentence) => accents.test(sentence))).toEqual([])
    expect(vietnamese.filter((sentence) => sentence !== 'A' && !accents.test(sentence))).toEqual([])
  })

  it('tells moments in a time that needs no zone', () => {
    const at = Date.UTC(2026, 10, 21, 9, 5)
    expect(formatMoment('en', at)).toBe('21 November 2026 at 09:05 (UTC)')
    expect(formatMoment('vi', at)).toMatch(/09:05.*21 tháng 11.*2026 \(UTC\)/)
  })
})
