import { FILE_NAME_MAX_CHARS } from '@parley/protocol'
import { expect, it } from 'vitest'
import { cleanName, withEnding } from './clean-name.ts'

it.each([
  ['photo.png', 'photo.png'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\notes.txt', 'notes.txt'],
  ['a/b/', 'b'],
  ['..', 'file'],
  ['', 'file'],
  ['\u0000\u0001', 'file'],
  ['gpj.\u202eexe', 'gpj.exe'],
  ['.htaccess', 'htaccess'],
  ['end.txt. ', 'end.txt'],
  ['con.txt', '_con.txt'],
  ['<b>"x"|y?.txt', '_b__x__y_.txt'],
  ['e\u0301t\u00e9.txt', '\u00e9t\u00e9.txt'],
  ['Tệp  của\ttôi.txt', 'Tệp củatôi.txt'],
])('%j becomes %j', (given, expected) => {
  expect(cleanName(given)).toBe(expected)
})

it('a long name is cut between characters and keeps its ending', () => {
  const cut = cleanName(`${'🌊'.repeat(300)}.tar`)
  expect([...cut].length).toBe(FILE_NAME_MAX_CHARS)
  expect(cut.endsWith('🌊.tar')).toBe(true)
  expect(cut.isWellFormed()).toBe(true)
})

it('a name at the bound stays, one past it is cut', () => {
  const at = 'x'.repeat(FILE_NAME_MAX_CHARS)
  expect(cleanName(at)).toBe(at)
  expect(cleanName(`${at}y`)).toBe(at)
})

it('an ending that does not fit the type gets company', () => {
  expect(withEnding('a.html', ['png'])).toBe('a.html.png')
  expect(withEnding('a.JPEG', ['jpg', 'jpeg'])).toBe('a.JPEG')
  expect(withEnding('a.html', [])).toBe('a.html')
})
