import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Log, silentLog, systemClock } from '@parley/contracts'
import { createExampleService, describeCaller, exampleContract } from '@parley/contracts/testing/caller-suite'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startTcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { createRemoteCaller } from './create-remote-caller.ts'
import { knock } from './knock.ts'
import { type CallServer, createCallServer } from './serve-calls.ts'

const serviceKey = 'k3y-of-this-test-0123456789abcdef'
const oldKey = 'old-k3y-of-this-test-0123456789ab'
const log = silentLog
const clock = systemClock

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function startReplica(service = createExampleService(), port = 0) {
  const replica = await listen(port)
  replica.calls.provide(exampleContract, service)
  return { ...replica, service }
}

/** A process whose services are not there yet. */
async function listen(port = 0, options: { serviceKeys?: string[]; log?: Log } = {}) {
  const calls: CallServer = createCallServer({ serviceKeys: [oldKey, serviceKey], clock, log, ...options })
  const server: Server = createServer((_request, response) => response.writeHead(404).end())
  server.on('upgrade', (request, socket, head) => calls.handleUpgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  const stop = async () => {
    calls.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  ends.push(stop)
  return { calls, stop, port: address.port, origin: `http://127.0.0.1:${address.port}` }
}

function call(...origins: string[]) {
  const caller = createRemoteCaller(exampleContract, { origins, serviceKey, clock, log })
  ends.push(() => caller.close())
  return caller
}

describeCaller('to another process', async (_contract, service) => {
  const replica = await startReplica(service as ReturnType<typeof createExampleService>)
  const caller = call(replica.origin)
  return { service: caller.service, close: async () => caller.close() }
})

describe('replicas', () => {
  it('share the load, and one room stays with one of them', async () => {
    const [a, b] = [await startReplica(), await startReplica()]
    const { service } = call(a.origin, b.origin)
    await service.echo({ text: 'first' })
    await delay(100)
    await Promise.all(Array.from({ length: 200 }, (_, n) => service.echo({ text: `${n}` })))
    expect(a.service.asked.length).toBeGreaterThan(50)
    expect(b.service.asked.length).toBeGreaterThan(50)
    const before = [a.service.asked.length, b.service.asked.length]
    for (let n = 0; n < 50; n++) await service.echo({ text: 'x', room: 'one' })
    const grown = [a, b].map(({ service: { asked } }, n) => asked.length - (before[n] ?? 0))
    expect(grown.toSorted((x, y) => x - y)).toEqual([0, 50])
  })

  it('one that dies is left out and taken back; order holds, and only idempotent calls are made again', async () => {
    const never = new Promise<never>(() => {})
    const heard: string[] = []
    const dying = {
      ...createExampleService(),
      echo: ({ text }: { text: string }) => {
        heard.push(text)
        return never
      },
      count: () => never,
    }
    const a = await startReplica(dying)
    const { service } = call(a.origin)
    const echoes = ['1', '2', '3'].map((text) => service.echo({ text, room: 'r' }))
    const counted = service.count({ room: 'r' }).catch((error: unknown) => error)
    await expect.poll(() => heard.length).toBe(3)
    await a.stop()
    const later = service.echo({ text: '4', room: 'r' })
    expect(await counted).toMatchObject({ code: 'unavailable' })
    const back = await startReplica(createExampleService(), a.port)
    expect(await Promise.all([...echoes, later])).toEqual(['1', '2', '3', '4'].map((text) => ({ text })))
    expect(back.service.asked).toEqual(['1', '2', '3', '4'])
  })

  it('one that freezes is noticed, and another answers', async () => {
    const [a, b] = [await startReplica(), await startReplica()]
    const proxy = await startTcpProxy({ port: a.port })
    ends.push(() => proxy.close())
    const { service } = call(proxy.url, b.origin)
    await delay(100)
    proxy.freeze('up')
    proxy.freeze('down')
    const answers = Array.from({ length: 20 }, (_, n) => service.echo({ text: `${n}`, room: `${n}` }))
    expect(await Promise.all(answers)).toHaveLength(20)
    expect(b.service.asked).toHaveLength(20)
  })

  it('one that leaves answers what it has and gets nothing new', async () => {
    const [a, b] = [await startReplica(), await startReplica()]
    const { service } = call(a.origin, b.origin)
    await delay(100)
    await a.calls.drain(1_000)
    await service.echo({ text: 'x' })
    const before = a.service.asked.length
    await Promise.all(Array.from({ length: 50 }, (_, n) => service.echo({ text: `${n}`, room: `${n}` })))
    expect(a.service.asked.length).toBe(before)
    expect(b.service.asked.length).toBeGreaterThanOrEqual(50)
  })

  it('one that leaves and ends at once has answered what was on its way to it', async () => {
    const a = await startReplica()
    const { service } = call(a.origin)
    await service.echo({ text: 'connected' })
    // Not idempotent: cut off, they would fail.
    const counts = Array.from({ length: 20 }, (_, n) => service.count({ room: `${n}` }))
    await a.calls.drain(1_000)
    await a.stop()
    expect(await Promise.all(counts)).toHaveLength(20)
  })

  it('one that starts is called when its service is there, not before', async () => {
    const a = await listen()
    const { service } = call(a.origin)
    const echo = service.echo({ text: 'early' })
    await delay(200)
    const example = createExampleService()
    a.calls.provide(exampleContract, example)
    expect(await echo).toEqual({ text: 'early' })
    expect(example.asked).toEqual(['early'])
  })

  it('none at all: a call waits for one, and answers unavailable in the end', async () => {
    const gone = await startReplica()
    await gone.stop()
    const { service } = call(gone.origin)
    const startedAt = performance.now()
    await expect(service.echo({ text: 'x' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  })
})

describe('the internal door', () => {
  const status = (url: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve) => {
      const socket = new WebSocket(url, { headers })
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('open', () => resolve(101))
      socket.on('error', () => {})
      ends.push(() => socket.terminate())
    })

  it('tells how each call ended, for the metrics', async () => {
    const { origin } = await startReplica()
    const ended: [string, boolean][] = []
    const caller = createRemoteCaller(exampleContract, {
      origins: [origin],
      serviceKey,
      clock,
      log,
      onSettled: (outcome, tookMs) => ended.push([outcome, tookMs >= 0 && tookMs < 5_000]),
    })
    ends.push(() => caller.close())
    await caller.service.echo({ text: 'a' })
    const refused = await caller.service.fail({ how: 'known' }).catch((error: { code: string }) => error)
    expect(ended).toEqual([
      ['ok', true],
      [(refused as { code: string }).code, true],
    ])
  })

  it('opens only with the service key, and tells an older or newer program so', async () => {
    const { origin } = await startReplica()
    const url = `${origin.replace('http', 'ws')}/calls`
    const key = { authorization: `Bearer ${serviceKey}` }
    expect(await status(url, {})).toBe(401)
    expect(await status(url, { authorization: 'Bearer wrong' })).toBe(401)
    expect(await status(url, key)).toBe(426)
    expect(await status(url, { ...key, 'x-parley-calls': '999' })).toBe(426)
    expect(await status(url.replace('calls', 'other'), { ...key, 'x-parley-calls': '1' })).toBe(404)
    expect(await status(url, { ...key, 'x-parley-calls': '1' })).toBe(101)
    const before = { authorization: `Bearer ${oldKey}`, 'x-parley-calls': '1' }
    expect(await status(url, before), 'the key that is being replaced').toBe(101)
    expect(await status(url, { ...before, authorization: `Bearer ${oldKey},${serviceKey}` })).toBe(401)
  })

  it('a wrong key is told once on both sides, with what to do about it', async () => {
    const said: unknown[][] = []
    const noting = (who: string): Log => ({
      ...silentLog,
      warn: (fields, message) => void said.push([who, (fields as { status?: unknown }).status, message]),
      info: (_fields, message) => void said.push([who, message]),
    })
    const keys = ['another-k3y-0123456789abcdef0123']
    const replica = await listen(0, { serviceKeys: keys, log: noting('replica') })
    replica.calls.provide(exampleContract, createExampleService())
    const caller = createRemoteCaller(exampleContract, {
      origins: [replica.origin],
      serviceKey,
      clock,
      log: noting('caller'),
    })
    ends.push(() => caller.close())
    const knocked = { address: replica.origin, contract: exampleContract.name, timeoutMs: 1_000 }
    expect(await knock({ ...knocked, serviceKey })).toMatch(/^PARLEY_SERVICE_KEY differs/)
    expect(await knock({ ...knocked, serviceKey: keys[0] ?? '', contract: 'other' })).toMatch(
      /^it starts or leaves/,
    )
    expect(await knock({ ...knocked, serviceKey: keys[0] ?? '' })).toBeUndefined()
    // That one got in, so the next refusal is news again on the replica's side.
    await expect.poll(() => said.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(3)
    await delay(1_000)
    expect(said.filter(([who]) => who === 'caller')).toEqual([
      ['caller', 401, expect.stringMatching(/refuses us: PARLEY_SERVICE_KEY differs/)],
    ])
    expect(said.filter(([who]) => who === 'replica')).toEqual(
      Array(2).fill(['replica', '401 Unauthorized', expect.stringContaining('PARLEY_SERVICE_KEY')]),
    )
    keys.push(serviceKey)
    expect(await caller.service.echo({ text: 'in' })).toBeDefined()
    expect(said.at(-1)).toEqual(['caller', 'a replica is reached again'])
    await replica.stop()
    expect(await knock({ ...knocked, serviceKey })).toMatch(/^it does not answer/)
  })

  it('cuts off whoever sends something that is not a call, and serves the others', async () => {
    const { origin } = await startReplica()
    const { service } = call(origin)
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/calls`, {
      headers: { authorization: `Bearer ${serviceKey}`, 'x-parley-calls': '1' },
    })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('open', () => socket.send('{"calls":[{"id":"no"}]}'))
    await closed
    expect(await service.echo({ text: 'a' })).toEqual({ text: 'a' })
  })
})
