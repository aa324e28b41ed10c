import { Counter, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { codeOf, startGateway } from '../testing/start-gateway.ts'

const REMOTE = '203.0.113.9'

test('alive is not the same as ready', async () => {
  let ready: boolean | { ready: boolean; reason?: string } = { ready: false, reason: 'starting' }
  const { call } = await startGateway({ ready: () => ready })
  expect((await call('GET', '/healthz')).json()).toEqual({ status: 'alive' })
  const starting = await call('GET', '/readyz')
  expect([starting.statusCode, codeOf(starting), starting.headers['retry-after']]).toEqual([
    503,
    'unavailable',
    '2',
  ])
  expect(starting.json().error.details).toEqual({ reason: 'starting' })
  ready = false
  expect((await call('GET', '/readyz')).statusCode).toBe(503)
  for (const yes of [true, { ready: true }]) {
    ready = yes
    expect((await call('GET', '/readyz')).json()).toEqual({ status: 'ready' })
  }
})

test('metrics time requests by route template, method and status', async () => {
  const metrics = new Registry()
  new Counter({ name: 'somebody_elses_total', help: 'x', registers: [metrics] }).inc()
  const { call } = await startGateway({ metrics })
  await call('GET', '/api/v1/rooms/r-tea')
  await call('GET', '/api/v1/rooms/r-other')
  await call('GET', '/no/such/path')
  const { body, headers } = await call('GET', '/metrics')
  expect(headers['content-type']).toContain('text/plain')
  expect(body).toContain(
    'parley_http_request_duration_seconds_count{method="GET",route="/api/v1/rooms/:id",status="200"} 2',
  )
  expect(body).toContain('_count{method="GET",route="unmatched",status="404"} 1')
  expect(body).toContain('somebody_elses_total 1')
  expect(body).not.toContain('r-tea')
})

test('metrics are for this machine, and a proxy on it does not count as it', async () => {
  const { app } = await startGateway()
  const status = async (remoteAddress: string, headers: Record<string, string> = {}) =>
    (await app.inject({ method: 'GET', url: '/metrics', remoteAddress, headers })).statusCode
  for (const local of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    expect([local, await status(local)]).toEqual([local, 200])
  }
  expect(await status(REMOTE)).toBe(404)
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'origin']) {
    expect([header, await status('127.0.0.1', { [header]: 'x' })]).toEqual([header, 404])
  }
})

test('from elsewhere the metrics token opens, another one does not', async () => {
  const { app } = await startGateway({ metricsToken: 'scrape-me' })
  const status = async (authorization?: string) =>
    (
      await app.inject({
        method: 'GET',
        url: '/metrics',
        remoteAddress: REMOTE,
        headers: authorization === undefined ? {} : { authorization },
      })
    ).statusCode
  expect(await status('Bearer scrape-me')).toBe(200)
  expect(await status('Bearer scrape-m')).toBe(401)
  expect(await status('scrape-me')).toBe(401)
  expect(await status()).toBe(404)
})
