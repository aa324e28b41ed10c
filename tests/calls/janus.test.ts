/** What `parley doctor calls` says of a real Janus with the shipped configuration, and of what is none. */
import { createServer } from 'node:http'
import { systemClock } from '@parley/contracts'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { examineJanus } from '../../apps/server/src/topology/check-calls/examine-janus.ts'
import { type JanusServer, startJanus } from '../support/janus-server.ts'

const tools = { clock: systemClock, stopwatch: () => 0, timeoutMs: 3_000, relayMs: 0 }

let janus: JanusServer

beforeAll(async () => {
  janus = await startJanus()
})

afterAll(() => janus.stop())

async function examine(url: string, secret: string): Promise<string> {
  const { state, says } = await examineJanus({ url, secret }, tools)
  return `${state}: ${says}`
}

/** A server that answers like Janus, by the kind of request. */
async function pretend(answers: Readonly<Record<string, object>>): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += chunk
    const kind = text === '' ? 'info' : (JSON.parse(text) as { janus: string }).janus
    response.end(JSON.stringify(answers[kind] ?? {}))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

test('the shipped configuration has all that calls need, and a wrong secret is named', async () => {
  expect(await examine(janus.url, janus.secret)).toMatch(
    /^good: Janus \d+\.\d+\.\d+ takes our secret and has the VideoRoom$/,
  )
  const wrong = await examine(janus.url, 'hush-hush')
  expect(wrong).toMatch(/^bad: Janus \d.* refuses our secret: PARLEY_JANUS_SECRET must be api_secret/)
  expect(wrong).not.toContain('hush')
  expect(await examine(janus.url.replace('/janus', ''), janus.secret)).toMatch(
    /^bad: what answers there is no Janus: PARLEY_JANUS_URLS ends with the base_path/,
  )
})

test('one without the VideoRoom, and one that takes no sessions, are named', async () => {
  const info = { janus: 'server_info', version_string: '9.9.9' }
  const without = { janus: 'error', error: { code: 460, reason: 'No such plugin' } }
  expect(await examine(await pretend({ info, create: { data: { id: 1 } }, attach: without }), 'x')).toMatch(
    /^bad: Janus 9\.9\.9 has no VideoRoom/,
  )
  const full = { janus: 'error', error: { code: 490, reason: 'no more' } }
  expect(await examine(await pretend({ info, create: full }), 'x')).toMatch(
    /^bad: Janus 9\.9\.9 takes no session \(490 no more\)/,
  )
})

test('one that is down is named', async () => {
  await janus.kill()
  expect(await examine(janus.url, janus.secret)).toMatch(
    /^bad: does not answer \(.*ECONNREFUSED.*\): start Janus/,
  )
})
