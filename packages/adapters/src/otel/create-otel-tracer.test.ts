import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Log, silentLog } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startOtlpCollector } from '../../../../tests/support/otlp-collector.ts'
import { createOtelTracer, INVITED_MAX_PER_SECOND, type OtelTracerOptions } from './create-otel-tracer.ts'

const STRANGER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function setUp(options: Partial<OtelTracerOptions> = {}) {
  const collector = await startOtlpCollector()
  ends.push(() => collector.stop())
  const tracer = createOtelTracer({
    url: collector.url,
    ratio: 1,
    service: { name: 'a test', version: '1', instance: 'i' },
    clock: { now: () => 5_000 },
    log: silentLog,
    ...options,
  })
  ends.push(() => tracer.close())
  return { collector, tracer }
}

describe('which journeys are recorded', () => {
  it('the part that the ratio says, and none of the steps of the others', async () => {
    const draws = [0.24, 0.25, 0.9, 0]
    const { tracer } = await setUp({ ratio: 0.25, random: () => draws.shift() ?? 1 })
    const begun = [1, 2, 3, 4].map((n) => tracer.begin(`${n}`))
    expect(begun.map((span) => span !== undefined)).toEqual([true, false, false, true])
    expect(tracer.step('of none', begun[1]?.trace)).toBeUndefined()
    expect(tracer.step('of one', begun[0]?.trace)).toBeDefined()
    for (const span of begun) span?.end()
  })

  it('those of callers who record theirs, as many a second as is bearable', async () => {
    let now = 5_000
    const { tracer } = await setUp({ ratio: 0, clock: { now: () => now } })
    const count = (traceparent: string, tries: number) =>
      Array.from({ length: tries }, () => tracer.begin('asked', traceparent)).filter(Boolean).length
    expect(count(`${STRANGER}-00`, 5)).toBe(0)
    expect(count(`${STRANGER}-01`, INVITED_MAX_PER_SECOND)).toBe(INVITED_MAX_PER_SECOND)
    expect(count(`${STRANGER}-01`, 100)).toBe(0)
    now += 1_000
    expect(count(`${STRANGER}-01`, 100)).toBe(INVITED_MAX_PER_SECOND)
  })

  it.each([
    '',
    'nonsense',
    `${STRANGER}`,
    `${STRANGER}-1`,
    `ff${STRANGER.slice(2)}-01`,
    `${STRANGER.toUpperCase()}-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `${STRANGER}-01-${'x'.repeat(10_000)}`,
  ])('what is no traceparent invites nobody: %#', async (text) => {
    const { tracer } = await setUp({ ratio: 0 })
    expect(tracer.begin('asked', text)).toBeUndefined()
  })
})

describe('what the collector gets', () => {
  it('parents, links, facts and the code of what failed', async () => {
    const { collector, tracer } = await setUp()
    const one = tracer.begin('one', `${STRANGER}-01`)
    const two = tracer.begin('two')
    const batch = tracer.step('batch', one?.trace, [two?.trace ?? ''])
    two?.link(batch?.trace ?? '')
    batch?.set({ 'parley.seq': 7 })
    batch?.end(new ParleyError('not_member'))
    two?.end(new TypeError('with the words of somebody'))
    one?.end()
    await tracer.close()
    const [failed, other, first] = collector.spans
    expect(first).toMatchObject({
      name: 'one',
      traceId: STRANGER.slice(3, 35),
      parentSpanId: STRANGER.slice(36),
      failed: false,
      service: 'a test',
    })
    expect(failed).toMatchObject({ name: 'batch', parentSpanId: first?.spanId, failed: true })
    expect(failed?.attributes).toMatchObject({ 'error.type': 'not_member' })
    expect(failed?.links).toMatchObject([{ traceId: other?.traceId, spanId: other?.spanId }])
    expect(other).toMatchObject({ parentSpanId: '', attributes: { 'error.type': 'TypeError' } })
    expect(other?.links).toMatchObject([{ spanId: failed?.spanId }])
    expect(collector.bodies.join()).not.toContain('words of somebody')
  })
})

describe('a collector that is away', () => {
  it('is told of once when it goes and once when it is back', async () => {
    let status = 400
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end('{}'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ends.push(async () => void server.close())
    const said: string[] = []
    const note = (_fields: object, message: string) => void said.push(message)
    const log: Log = { ...silentLog, warn: note, info: note }
    const { port } = server.address() as AddressInfo
    const { tracer } = await setUp({ url: `http://127.0.0.1:${port}/`, log })
    let asked = 0
    server.on('request', () => asked++)
    const exported = async (times: number) => {
      tracer.begin('x')?.end()
      await vi.waitUntil(() => asked >= times, { timeout: 10_000 })
    }
    await exported(1)
    await exported(2)
    await vi.waitUntil(() => said.length > 0)
    status = 200
    await exported(3)
    await vi.waitUntil(() => said.length > 1)
    expect(said).toEqual([
      'the collector takes no spans; they are dropped',
      'the collector takes spans again',
    ])
  }, 30_000)

  it('that takes connections and answers nothing does not hold up the end', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    ends.push(async () => {
      silent.closeAllConnections()
      silent.close()
    })
    const { tracer } = await setUp({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` })
    tracer.begin('x')?.end()
    const startedAt = performance.now()
    await tracer.close()
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })
})
