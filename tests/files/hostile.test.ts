/** Every hostile upload is refused by a named error, or is served so that it can do no harm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { type Harmless, MARK } from './hostile-case.ts'
import { hostileCases } from './hostile-cases.ts'
import { type Answer, errorOf, fileOf, register, send } from './send-form.ts'

const PICTURES = ['image/png', 'image/gif', 'image/jpeg', 'image/webp']
const NAME_MAX_CHARS = 200
/** What no name may have: control, format and direction characters, path and shell characters. */
const BAD_NAME = /[\p{Cc}\p{Cf}\p{Cs}/\\<>:"|?*]|^[. ]|[. ]$/u

describe('hostile uploads', () => {
  let server: TestServer
  let token: string
  beforeAll(async () => {
    server = await startTestServer()
    token = await register(server.url)
  })
  afterAll(() => server.stop())

  it('are enough to mean something, and each is another one', () => {
    expect(hostileCases.length).toBeGreaterThanOrEqual(200)
    expect(new Set(hostileCases.map(({ name }) => name)).size).toBe(hostileCases.length)
  })

  it.each(hostileCases)('$name', async ({ body, headers, outcome }) => {
    const answer = await send({
      url: `${server.url}/api/v1/files`,
      token,
      body,
      ...(headers === undefined ? {} : { headers }),
    })
    if ('status' in outcome) {
      expect([answer.status, errorOf(answer).code], answer.body.toString()).toEqual([
        outcome.status,
        outcome.code,
      ])
      if (outcome.rule !== undefined) expect(errorOf(answer).details?.rule).toBe(outcome.rule)
      return
    }
    expect(answer.status, answer.body.toString()).toBe(201)
    const { id, name, bytes } = fileOf(answer)
    expect(name).not.toMatch(BAD_NAME)
    expect([...name].length).toBeLessThanOrEqual(NAME_MAX_CHARS)
    expect([...name].length).toBeGreaterThan(0)
    const served = await send({ url: `${server.url}/api/v1/files/${id}`, token, method: 'GET' })
    expectSafe(served)
    expect(served.body.length).toBe(bytes)
    expectHarmless(served, outcome.harmless)
  })

  it('leave a server that still takes an ordinary file', async () => {
    expect(server.output()).not.toContain('unexpected error')
    const ready = await fetch(`${server.url}/readyz`)
    expect(ready.status).toBe(200)
  })
})

/** What holds for every file, whatever it is. */
function expectSafe({ status, headers }: Answer): void {
  expect(status).toBe(200)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['content-security-policy']).toMatch(/default-src 'none'; sandbox/)
  expect(headers['cross-origin-resource-policy']).toBe('same-origin')
  expect(headers['cache-control']).toBe('private, no-cache')
  expect(headers['set-cookie']).toBeUndefined()
}

function expectHarmless({ headers, body }: Answer, harmless: Harmless): void {
  const { 'content-type': type = '', 'content-disposition': disposition = '' } = headers
  if (harmless === 'saved') {
    expect(type).toBe('application/octet-stream')
    expect(disposition).toMatch(/^attachment; filename="/)
  } else if (harmless === 'played') {
    expect(type).toMatch(/^(audio|video)\//)
  } else {
    expect(PICTURES).toContain(type)
    expect(body.includes(MARK)).toBe(false)
    expect(body.includes('<script')).toBe(false)
  }
}
