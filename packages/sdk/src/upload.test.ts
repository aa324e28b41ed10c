import { ParleyError } from '@parley/protocol'
import { expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { Http } from './http.ts'
import { Rest } from './rest.ts'
import { createUpload } from './upload.ts'

const FILE = { id: 'f1', name: 'a.txt', type: 'application/octet-stream', bytes: 5 }
const stored = () => Response.json({ file: FILE }, { status: 201 })
const refused = (status: number, code: string) =>
  Response.json({ error: { code, message: code } }, { status, headers: { 'retry-after': '0' } })

/** Answers in turn; an error stands for a cut line. */
function setUp(...answers: (() => Response | Promise<Response>)[]) {
  const sent: { token: string | null; text: string; name: string }[] = []
  let token = 'old'
  const surroundings = {
    baseUrl: 'http://chat',
    tokens: 'bearer' as const,
    clock: systemClock,
    XMLHttpRequest: null,
    async fetch(_input: unknown, init: RequestInit = {}) {
      const file = (init.body as FormData).get('file') as File
      const headers = new Headers(init.headers)
      sent.push({ token: headers.get('authorization'), text: await file.text(), name: file.name })
      init.signal?.throwIfAborted()
      const answer = answers[sent.length - 1]
      if (answer === undefined) throw new Error('asked too often')
      return answer()
    },
  }
  const http = new Http({ ...surroundings, cookies: false })
  const rest = new Rest(http, {
    bearer: () => token,
    ensureFresh: async () => {},
    async refresh() {
      token = 'new'
      return true
    },
  })
  return { upload: createUpload(rest, surroundings), sent }
}

const cut = (): never => {
  throw new TypeError('network error')
}
const file = new File(['hello'], 'a.txt')

it('what broke on the way is begun once more, from the start', async () => {
  const { upload, sent } = setUp(cut, stored)
  const parts: number[] = []
  expect(await upload(file, { onProgress: (part) => parts.push(part) })).toEqual(FILE)
  expect(sent.map(({ text, name }) => [text, name])).toEqual([
    ['hello', 'a.txt'],
    ['hello', 'a.txt'],
  ])
  expect(parts).toEqual([0, 1])
})

it('what breaks twice is told', async () => {
  const { upload, sent } = setUp(cut, () => refused(503, 'unavailable'), stored)
  await expect(upload(file)).rejects.toMatchObject({ code: 'unavailable' })
  expect(sent).toHaveLength(2)
})

it.each([
  [413, 'file_too_large'],
  [413, 'quota_exceeded'],
  [422, 'file_refused'],
  [403, 'forbidden'],
])('what is refused for good (%i %s) is not sent again', async (status, code) => {
  const { upload, sent } = setUp(() => refused(status, code), stored)
  const error: unknown = await upload(file).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(ParleyError)
  expect(error).toMatchObject({ code })
  expect(sent).toHaveLength(1)
})

it('a token that is over is renewed and the file sent with the new one', async () => {
  const { upload, sent } = setUp(() => refused(401, 'token_expired'), stored)
  await upload(file, { name: 'b.txt' })
  expect(sent.map(({ token, name }) => [token, name])).toEqual([
    ['Bearer old', 'b.txt'],
    ['Bearer new', 'b.txt'],
  ])
})

it('one that was cancelled is not begun again', async () => {
  const abort = new AbortController()
  const { upload, sent } = setUp(() => {
    abort.abort(new Error('cancelled'))
    return cut()
  }, stored)
  await expect(upload(file, { signal: abort.signal })).rejects.toThrow('cancelled')
  expect(sent).toHaveLength(1)
})
