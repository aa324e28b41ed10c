/** `parley rotate-keys` beside a running server: who is signed in stays so. */
import { createParley } from '@parley/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../scenarios/topology.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { runParley } from './run-parley.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.stop()
})

const here = () => ({ PARLEY_DATA: server.dataDirectory })

async function publishedKeys(): Promise<string[]> {
  const answer = await fetch(`${server.url}/.well-known/jwks.json`)
  return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

test('a new key is published beside the old one', async () => {
  const [old] = await publishedKeys()
  const ended = await runParley(['rotate-keys'], here())
  expect(ended).toMatchObject({ code: 0, errors: '' })
  const keys = await publishedKeys()
  expect(keys).toHaveLength(2)
  expect(keys[0]).toBe(old)
})

test('withdrawn keys sign nobody out: whoever has a refresh token goes on', async () => {
  const parley = createParley({ baseUrl: server.url, tokens: 'bearer' })
  try {
    await parley.register({ username: 'going.on', password: 'a long enough password' })
    await until(parley.connection, ({ status }) => status === 'online')
    const before = await publishedKeys()
    const ended = await runParley(['rotate-keys', '--withdraw'], here())
    expect(ended).toMatchObject({ code: 0, errors: '' })
    await server.restart()
    const after = await publishedKeys()
    expect(after).toHaveLength(1)
    expect(before).not.toContain(after[0])
    await until(parley.connection, ({ status }) => status !== 'online')
    await until(parley.connection, ({ status }) => status === 'online', 30_000)
    expect(parley.session.get().status).toBe('signed_in')
    await parley.createRoom({ kind: 'group', name: 'Still here', usernames: [] })
  } finally {
    await parley.stop()
  }
})
