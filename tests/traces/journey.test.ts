/** One message, one trace: from the frame that brought it to the index that finds it. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createPeople, type People, type Person, storedBodies, until } from '../scenarios/topology.ts'
import {
  type CollectedSpan,
  drawTrace,
  type OtlpCollector,
  startOtlpCollector,
} from '../support/otlp-collector.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

/** The outbox is worked off in its second second, and what waits is sent every second. */
const TRACED_WITHIN_MS = 20_000
const SECRET = 'between Ann and Bob'

describe('the journey of a message on the embedded server', () => {
  let collector: OtlpCollector
  let server: TestServer
  let people: People
  let ann: Person
  let bob: Person
  let room: string
  beforeAll(async () => {
    collector = await startOtlpCollector()
    server = await startTestServer({ env: { PARLEY_OTLP_URL: collector.url, PARLEY_TRACE_RATIO: '1' } })
    people = createPeople({ urls: [server.url] })
    ann = await people.join('ann')
    bob = await people.join('bob')
    room = (await ann.parley.createRoom({ kind: 'group', name: 'Traced', usernames: [bob.username] })).id
    await until(bob.parley.room(room), (found) => found !== undefined)
    await until(bob.parley.timeline(room), ({ status }) => status === 'ready')
  })
  afterAll(async () => {
    await people?.stop()
    await server?.stop()
    await collector?.stop()
  })

  const traceOf = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId)
  const drawn = (traceId: string, root = '') => drawTrace(traceOf(traceId), root)

  /** All branches have come to their ends. */
  const isWhole = (traceId: string) =>
    ['ws push', 'index messages', 'notify members', 'wait for lane'].every((last) =>
      traceOf(traceId).some(({ name }) => name === last),
    )

  const AFTER_COMMIT = [
    '      batch',
    '        announce',
    '          ws push',
    '        hand over',
    '          index messages',
    '          notify members',
    '        sql rooms.append',
  ]

  it('sent over the socket it is one trace, each step below the one that led to it', async () => {
    ann.parley.send(room, { body: SECRET })
    await vi.waitUntil(() => storedBodies(bob.parley, room).includes(SECRET), { timeout: 15_000 })
    const sent = await vi.waitUntil(() => collector.spans.find(({ name }) => name === 'ws send'), {
      timeout: TRACED_WITHIN_MS,
    })
    await vi.waitUntil(() => isWhole(sent.traceId), { timeout: TRACED_WITHIN_MS })
    expect(drawn(sent.traceId)).toEqual([
      'ws send',
      '  rooms.sendMessage',
      '    wait for lane',
      ...AFTER_COMMIT,
    ])
    expect(sent.attributes).toMatchObject({ 'parley.room': room })
    expect(traceOf(sent.traceId).some(({ failed }) => failed)).toBe(false)
    expect(sent.service).toBe('parley')
  })

  it('sent over HTTP by somebody who records a trace, it continues that one', async () => {
    const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    expect(await post(await logIn(), `00-${caller.traceId}-${caller.spanId}-01`)).toBe(201)
    await vi.waitUntil(() => isWhole(caller.traceId), { timeout: TRACED_WITHIN_MS })
    expect(drawn(caller.traceId, caller.spanId)).toEqual([
      'POST /api/v1/rooms/:id/messages',
      '  rooms.sendMessage',
      '    wait for lane',
      ...AFTER_COMMIT,
    ])
  })

  it('many at once share a batch, which is linked with each of them and they with it', async () => {
    const token = await logIn()
    await Promise.all(Array.from({ length: 40 }, () => post(token)))
    const isShared = (span: CollectedSpan) => Number(span.attributes['parley.batch.items']) > 1
    const batch = await vi.waitUntil(() => collector.spans.find(isShared), { timeout: TRACED_WITHIN_MS })
    expect(batch.links).toHaveLength(Number(batch.attributes['parley.batch.items']) - 1)
    for (const { spanId } of batch.links) {
      const waited = await vi.waitUntil(() => collector.spans.find((span) => span.spanId === spanId), {
        timeout: TRACED_WITHIN_MS,
      })
      expect(waited).toMatchObject({ name: 'wait for lane', links: [{ spanId: batch.spanId }] })
    }
  })

  it('what is refused is a failed step, and says no more than the code', async () => {
    await people.join('eve').then(({ parley }) => {
      parley.send(room, { body: 'let me in' })
    })
    const refused = await vi.waitUntil(
      () => collector.spans.find(({ name, failed }) => name === 'ws send' && failed),
      { timeout: TRACED_WITHIN_MS },
    )
    expect(refused.attributes).toEqual({ 'error.type': 'not_found' })
  })

  it('holds nothing that people wrote, nor their names, nor what they prove themselves with', () => {
    const everything = collector.bodies.join()
    expect(everything).toContain('ws send')
    for (const secret of [SECRET, ann.username, bob.username, ann.password, 'Traced', 'let me in', 'eyJ'])
      expect(everything).not.toContain(secret)
  })

  async function logIn(): Promise<string> {
    const answer = await fetch(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: ann.username, password: ann.password }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  async function post(token: string, traceparent?: string): Promise<number> {
    const { status } = await fetch(`${server.url}/api/v1/rooms/${room}/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body: JSON.stringify({ client_id: randomUUID(), body: SECRET }),
    })
    return status
  }
})

describe('without a collector', () => {
  /** Prints which packages of OpenTelemetry are loaded. Its API alone, which does nothing, comes with prom-client. */
  const WATCHED = `--import "data:text/javascript,${encodeURIComponent(
    "import { registerHooks } from 'node:module'\n" +
      'registerHooks({ resolve(name, context, next) {' +
      "if (/^@opentelemetry.(?!api$)/.test(name)) console.error('loads ' + name)\n" +
      'return next(name, context) } })',
  )}"`

  it('not set: nothing of OpenTelemetry is even loaded', async () => {
    const server = await startTestServer({ env: { NODE_OPTIONS: WATCHED } })
    await server.stop()
    expect(server.output()).toContain('ready')
    expect(server.output()).not.toContain('loads @opentelemetry/')
  })

  it('set and away: messages go as ever, the log says it once, and the end waits for nobody', async () => {
    const gone = await startOtlpCollector()
    await gone.stop()
    const env = { PARLEY_OTLP_URL: gone.url, PARLEY_TRACE_RATIO: '1', NODE_OPTIONS: WATCHED }
    const server = await startTestServer({ env })
    const people = createPeople({ urls: [server.url] })
    const { parley } = await people.join('ann')
    const { id } = await parley.createRoom({ kind: 'group', name: 'Traced', usernames: [] })
    await until(parley.timeline(id), ({ status }) => status === 'ready')
    const complaints = () => server.output().split('the collector takes no spans').length - 1
    for (let n = 0; complaints() === 0; n++) {
      parley.send(id, { body: `${n}` })
      await vi.waitUntil(() => storedBodies(parley, id).includes(`${n}`), { timeout: 15_000 })
    }
    await people.stop()
    const stoppedAt = performance.now()
    expect(await server.stop()).toMatchObject({ code: 0 })
    expect(performance.now() - stoppedAt).toBeLessThan(10_000)
    expect(complaints()).toBe(1)
    expect(server.output()).toContain('loads @opentelemetry/')
  }, 60_000)
})
