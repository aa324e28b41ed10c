/** The real program, with its rate limits on, for the tests of one file. */
import { afterAll, beforeAll, vi } from 'vitest'
import { startTestServer, type TestServer } from '../../support/test-server.ts'
import { ATTACKED, ask } from './people.ts'

/** Started before the first test of the file, stopped after the last. */
export function attackedServer(env: Readonly<Record<string, string>> = {}): TestServer {
  let server: TestServer | undefined
  beforeAll(async () => {
    server = await startTestServer({ env: { ...ATTACKED, PARLEY_LOG: 'warn', ...env } })
  })
  afterAll(async () => {
    const ended = await server?.stop()
    if (ended !== undefined && ended.code !== 0)
      throw new Error(`it did not end well: ${JSON.stringify(ended)}`)
  })
  // Known only once it runs; until then nobody may ask.
  return new Proxy({} as TestServer, {
    get(_target, name) {
      if (server === undefined) throw new Error('the server does not run yet')
      return Reflect.get(server, name)
    },
  })
}

/** Throws unless the program still answers and has noticed no defect of its own. */
export async function assertUnhurt(server: TestServer): Promise<void> {
  const { status } = await ask(server, 'GET', '//readyz')
  if (status !== 200) throw new Error(`not ready any more: ${status}`)
  const defect = /"level":"(?:error|fatal)".*/.exec(server.output())
  if (defect !== null) throw new Error(`the attack was a surprise: ${defect[0].slice(0, 500)}`)
}

/** An administrator's one-time code, as the person who started the program reads it. */
export function setupCode(server: TestServer): Promise<string> {
  return vi.waitUntil(() => /Setup code.*: (\S+)/.exec(server.output())?.[1], { timeout: 10_000 })
}
