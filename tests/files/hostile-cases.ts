/** Hostile uploads, made from templates, each with the one rule that takes care of it. */
import { deflateSync, gzipSync } from 'node:zlib'
import { makeGif, makePng, pngChunk } from '../support/pictures.ts'
import { file, type HostileCase, MARK, SCRIPT, upload } from './hostile-case.ts'
import { bombCases } from './hostile-pictures.ts'
import { BOUNDARY, encodeForm } from './send-form.ts'

/** What a browser, a shell or an office program would run. */
const active: Readonly<Record<string, Buffer | string>> = {
  html: `<!doctype html><html><body>${SCRIPT}</body></html>`,
  'html without a tag first': `  \n<!-- x -->${SCRIPT}`,
  'html with a byte order mark': `\ufeff<html>${SCRIPT}</html>`,
  'html in UTF-16': Buffer.from(`\ufeff<html>${SCRIPT}</html>`, 'utf16le'),
  'html in UTF-7': '+ADw-script+AD4-alert(1)+ADw-/script+AD4-',
  svg: `<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`,
  'svg with a declaration': `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
  'svg with an entity': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>`,
  'svg compressed': gzipSync(`<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`),
  xhtml: `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">${SCRIPT}</html>`,
  'xml with a stylesheet': `<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>`,
  javascript: `alert("${MARK}")`,
  'a web page archive': `MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n${SCRIPT}`,
  php: '<?php system($_GET["c"]); ?>',
  'shell script': '#!/bin/sh\nrm -rf /',
  'windows program': Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]),
  'linux program': Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]), Buffer.alloc(200)]),
  'java class': Buffer.concat([Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]), Buffer.alloc(100)]),
  flash: Buffer.concat([Buffer.from('FWS\x09'), Buffer.alloc(100)]),
  'pdf with a script': '%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj',
  postscript: '%!PS-Adobe-3.0\n(%pipe%id) (w) file',
  'windows metafile': Buffer.concat([Buffer.from([0xd7, 0xcd, 0xc6, 0x9a]), Buffer.alloc(100)]),
  bitmap: Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)]),
  icon: Buffer.concat([Buffer.from([0, 0, 1, 0, 1, 0]), Buffer.alloc(100)]),
  tiff: Buffer.concat([Buffer.from([0x49, 0x49, 0x2a, 0]), Buffer.alloc(100)]),
  photoshop: Buffer.concat([Buffer.from('8BPS\0\x01'), Buffer.alloc(100)]),
  'zip bomb': zipBomb(),
  'gzip bomb': gzipSync(Buffer.alloc(4 * 1024 * 1024)),
}

/** What the sender says it is: never believed. */
const claims: readonly (readonly [name: string, type: string])[] = [
  ['holiday.png', 'image/png'],
  ['holiday.jpg', 'image/jpeg'],
  ['page.html', 'text/html'],
  ['film.mp4', 'video/mp4'],
]

function activeCases(): HostileCase[] {
  return Object.entries(active).flatMap(([what, content]) =>
    claims.map(([name, type]) =>
      upload(`${what} as ${name} (${type})`, file(content, name, type), { harmless: 'saved' }),
    ),
  )
}

/** The local header of one entry whose claimed size is beyond every disk. */
function zipBomb(): Buffer {
  const name = Buffer.from('bomb.txt')
  const data = deflateSync(Buffer.alloc(1024 * 1024))
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(20, 4)
  head.writeUInt16LE(8, 8)
  head.writeUInt32LE(data.length, 18)
  head.writeUInt32LE(0xfffffff0, 22)
  head.writeUInt16LE(name.length, 26)
  return Buffer.concat([head, name, data])
}

const text = (type: string, words: string) => pngChunk(type, Buffer.from(words, 'latin1'))

/** Pictures that are something else as well: what is not a pixel is gone. */
function polyglotCases(): HostileCase[] {
  const good = makePng(24, 16)
  const gif = makeGif(12, 10, 1)
  const tails: Readonly<Record<string, Buffer | string>> = {
    html: SCRIPT,
    'a zip': Buffer.concat([zipBomb(), Buffer.from(MARK)]),
    php: `<?php echo "${MARK}"; ?>`,
    'a program': Buffer.concat([Buffer.from('MZ'), Buffer.from(MARK), Buffer.alloc(64)]),
    'a megabyte': Buffer.concat([Buffer.alloc(1024 * 1024, 0x20), Buffer.from(MARK)]),
  }
  const hidden: Readonly<Record<string, Buffer>> = {
    comment: text('tEXt', `Comment\0${SCRIPT}`),
    'international text': text('iTXt', `XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>${MARK}</x:xmpmeta>`),
    'compressed text': pngChunk(
      'zTXt',
      Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.from(MARK))]),
    ),
    'a private chunk': text('prVt', MARK),
    'what the camera noted': pngChunk(
      'eXIf',
      Buffer.concat([Buffer.from('MM\0*\0\0\0\x08\0\0\0\0\0\0'), Buffer.from(MARK)]),
    ),
  }
  return [
    ...Object.entries(tails).flatMap(([what, tail]) => [
      upload(
        `PNG with ${what} behind it`,
        file(makePng(24, 16, { tail: Buffer.from(tail) }), 'a.html', 'text/html'),
        {
          harmless: 'remade',
        },
      ),
      upload(
        `GIF with ${what} behind it`,
        file(Buffer.concat([gif, Buffer.from(tail)]), 'a.js', 'text/javascript'),
        {
          harmless: 'remade',
        },
      ),
    ]),
    ...Object.entries(hidden).map(([what, extra]) =>
      upload(`PNG with ${what}`, file(makePng(24, 16, { extra })), { harmless: 'remade' }),
    ),
    upload('PNG named as a script', file(good, 'run.js', 'text/javascript'), { harmless: 'remade' }),
    upload('PNG named as a page', file(good, 'index.html', 'text/html'), { harmless: 'remade' }),
    upload('GIF that moves', file(makeGif(12, 10, 4), 'a.gif', 'image/gif'), { harmless: 'remade' }),
    upload(
      'MP3 header before a page',
      file(
        Buffer.concat([
          Buffer.from('ID3\x04\0\0\0\0\0\0'),
          Buffer.from([0xff, 0xfb, 0x90, 0x64]),
          Buffer.alloc(2048),
          Buffer.from(SCRIPT),
        ]),
        'x.html',
        'text/html',
      ),
      { harmless: 'played' },
    ),
    upload(
      'Ogg page before a script',
      file(
        Buffer.concat([
          Buffer.from('OggS\0\x02'),
          Buffer.alloc(22),
          Buffer.from('\x01vorbis'),
          Buffer.alloc(200),
          Buffer.from(SCRIPT),
        ]),
        'x.html',
        'text/html',
      ),
      { harmless: 'played' },
    ),
    upload(
      'WAV header before a script',
      file(
        Buffer.concat([Buffer.from('RIFF\x24\x08\0\0WAVEfmt '), Buffer.alloc(64), Buffer.from(SCRIPT)]),
        'x.svg',
        'image/svg+xml',
      ),
      { harmless: 'played' },
    ),
  ]
}

/** Names as they come over the line, in quotes. */
const names: readonly string[] = [
  '../../etc/passwd',
  '..\\\\..\\\\windows\\\\system32\\\\cmd.exe',
  '/etc/shadow',
  'C:\\\\autoexec.bat',
  'a/b/c.txt',
  '....//....//x',
  '..',
  '.',
  '.htaccess',
  '.bashrc',
  'CON',
  'nul.txt',
  'COM1.log',
  'file.txt.',
  'file.txt   ',
  'a\tb.txt',
  'a\u0001\u0002\u001fb.txt',
  'a\u007fb.txt',
  'photo\u202egpj.exe',
  '\u2066x\u2069.txt',
  'a\u200bb\u200d\ufeff.txt',
  '\u0000.png',
  'a\u0000.png',
  '<script>alert(1)</script>.html',
  "x' onerror='alert(1).png",
  'a;b&c|d$e`f.sh',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '%0d%0aSet-Cookie: x=1',
  'a:b*c?.txt',
  'x'.repeat(5_000),
  `${'y'.repeat(400)}.png`,
  '🌊'.repeat(300),
  'e\u0301'.repeat(200),
  '   ',
  '\u3164',
  'report.pdf.exe',
  'Tệp của tôi.txt',
  '文件.txt',
]

function nameCases(): HostileCase[] {
  return names.map((name) =>
    upload(`the name ${JSON.stringify(name.slice(0, 40))}`, file('just text', name, 'text/plain'), {
      harmless: 'saved',
    }),
  )
}

const invalid = { status: 400, code: 'invalid_request' } as const
const wrongType = { status: 415, code: 'unsupported_media_type' } as const

/** Forms that are broken, or more than one file. */
function formCases(): HostileCase[] {
  const fine = file('text', 'a.txt', 'text/plain')
  const form = (
    name: string,
    body: Buffer | string,
    outcome: HostileCase['outcome'] = invalid,
  ): HostileCase => ({
    name,
    body: Buffer.from(body),
    outcome,
  })
  const typed = (name: string, type: string, outcome: HostileCase['outcome']): HostileCase => ({
    name,
    body: encodeForm([fine]),
    headers: { 'content-type': type },
    outcome,
  })
  const whole = encodeForm([fine])
  return [
    form('no part at all', encodeForm([])),
    form('an empty body', ''),
    form('an empty file', encodeForm([file('', 'a.txt', 'text/plain')]), {
      status: 422,
      code: 'file_refused',
      rule: 'empty',
    }),
    form('another field', encodeForm([{ ...fine, field: 'upload' }])),
    form('a field named like an inherited one', encodeForm([{ ...fine, field: '__proto__' }])),
    form('two files', encodeForm([fine, fine])),
    form('a hundred files', encodeForm(Array.from({ length: 100 }, () => fine))),
    form('a text field before the file', encodeForm([{ field: 'x', content: '1' }, fine])),
    form('a text field after the file', encodeForm([fine, { field: 'x', content: '1' }])),
    form('another file after the file', encodeForm([fine, { ...fine, field: 'other' }])),
    form('no end', encodeForm([fine], '')),
    form('the end cut in two', encodeForm([fine], `--${BOUNDARY.slice(0, 5)}`)),
    form('cut in the middle of the file', whole.subarray(0, whole.length - BOUNDARY.length - 10)),
    form('cut in the middle of the header', whole.subarray(0, 60)),
    form('another boundary than it says', whole.toString().replaceAll(BOUNDARY, 'other')),
    form('noise', Buffer.alloc(4_096, 0xa5)),
    form('header lines without end', encodeForm([{ ...fine, headers: `X: ${'x'.repeat(100_000)}\r\n` }]), {
      harmless: 'saved',
    }),
    typed('no boundary', 'multipart/form-data', invalid),
    typed('an empty boundary', 'multipart/form-data; boundary=', invalid),
    typed('JSON', 'application/json', { status: 400, code: 'invalid_json' }),
    typed('a form of text', 'application/x-www-form-urlencoded', wrongType),
    typed('bare bytes', 'application/octet-stream', wrongType),
    typed('another multipart', 'multipart/mixed; boundary=x', wrongType),
    typed('a type that is none', 'form', wrongType),
  ]
}

export const hostileCases: readonly HostileCase[] = [
  ...activeCases(),
  ...polyglotCases(),
  ...bombCases(),
  ...nameCases(),
  ...formCases(),
]
