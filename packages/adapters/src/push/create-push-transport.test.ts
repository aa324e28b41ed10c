import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPushTransport, type PushTransportOptions } from './create-push-transport.ts'
import { isPrivateAddress } from './is-private-address.ts'

const request = { headers: { ttl: '60' }, body: new Uint8Array([1, 2, 3]) }

function open(options: Partial<PushTransportOptions> = {}) {
  const transport = createPushTransport({ privateOrigins: [], withinMs: 2_000, ...options })
  onTestFinished(() => transport.close())
  return transport
}

const mayReachBeside = (...privateOrigins: string[]) => open({ privateOrigins }).mayReach

/** Its origin, and what came. */
async function listen(answer: RequestListener): Promise<{ origin: string; paths: string[] }> {
  const paths: string[] = []
  const server = createServer((incoming, response) => {
    paths.push(incoming.url ?? '')
    incoming.resume()
    answer(incoming, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths }
}

/** Every name leads to these. */
const leadingTo =
  (...addresses: string[]): LookupFunction =>
  (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

describe('where pushes may go', () => {
  it.each([
    ['https://push.example/send/1', true],
    ['https://8.8.8.8/send', true],
    ['http://push.example/send', false],
    ['https://push.example:8443/send', false],
    ['https://user:secret@push.example/', false],
    ['ftp://push.example/', false],
    ['not an address', false],
    ['https://127.0.0.1/', false],
    ['https://2130706433/', false],
    ['https://0x7f.1/', false],
    ['https://10.1.2.3/', false],
    ['https://169.254.169.254/latest/meta-data/', false],
    ['https://[::1]/', false],
    ['https://[::ffff:10.0.0.1]/', false],
    ['https://[fd00::1]/', false],
    ['https://[64:ff9b::a00:1]/', false],
    ['https://localhost/a', false],
    ['https://LOCALHOST./a', false],
    ['https://a.localhost/a', false],
    ['https://foo.internal/a', false],
    ['https://foo.internal./a', false],
    ['https://printer.local/a', false],
    ['https://intranet/a', false],
    ['https://local.example/a', true],
    ['https://named.internal/a', true],
    ['https://push.intranet/a', true],
    ['http://push.intranet/a', false],
    ['http://push.intranet:81/a', true],
    ['http://push.intranet:82/a', false],
  ])('%s: %s', (endpoint, may) => {
    expect(mayReachBeside('http://push.intranet:81', 'https://named.internal')(endpoint)).toBe(may)
  })

  it.each([
    '127.0.0.1',
    '10.0.0.7',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '::1',
    'fe80::1',
    'fd12::1',
  ])('a name that leads to %s is refused when it is connected to', async (address) => {
    for (const addresses of [[address], ['93.184.215.14', address]]) {
      const transport = open({ lookup: leadingTo(...addresses) })
      expect(transport.mayReach('https://push.example/a')).toBe(true)
      await expect(transport.post('https://push.example/a', request)).rejects.toThrow('private address')
    }
  })

  it('what may not be reached is not even asked for', async () => {
    const { origin, paths } = await listen((_, response) => response.end())
    await expect(open().post(`${origin}/a`, request)).rejects.toThrow('not one that pushes are sent to')
    expect(paths).toEqual([])
  })

  it('what the operator names is reached', async () => {
    const { origin, paths } = await listen((_, response) => response.writeHead(201).end())
    expect(await open({ privateOrigins: [origin] }).post(`${origin}/a`, request)).toEqual({ status: 201 })
    expect(paths).toEqual(['/a'])
  })
})

describe('an answer', () => {
  it('that leads elsewhere is not followed', async () => {
    const other = await listen((_, response) => response.end())
    const { origin, paths } = await listen((_, response) =>
      response.writeHead(307, { location: `${other.origin}/b` }).end(),
    )
    const transport = open({ privateOrigins: [origin, other.origin] })
    expect(await transport.post(`${origin}/a`, request)).toEqual({ status: 307 })
    expect([paths, other.paths]).toEqual([['/a'], []])
  })

  it('that never comes is waited for a bounded time', async () => {
    const { origin } = await listen(() => {})
    const transport = open({ privateOrigins: [origin], withinMs: 100 })
    await expect(transport.post(`${origin}/a`, request)).rejects.toThrow('no answer in time')
  })

  it('without end is not read', async () => {
    let writing = true
    const { origin } = await listen((_, response) => {
      response.writeHead(201)
      const more = () => {
        if (writing && response.write(Buffer.alloc(65_536))) setImmediate(more)
      }
      response.on('drain', more).on('close', () => {
        writing = false
      })
      more()
    })
    expect(await open({ privateOrigins: [origin] }).post(`${origin}/a`, request)).toEqual({ status: 201 })
    await expect.poll(() => writing).toBe(false)
  })

  it.each([
    ['120', 120_000],
    ['999999', 3_600_000],
    ['0', undefined],
    ['soon', undefined],
  ])('may ask for patience: Retry-After %s', async (text, retryAfterMs) => {
    const { origin } = await listen((_, response) => response.writeHead(429, { 'retry-after': text }).end())
    const answer = await open({ privateOrigins: [origin] }).post(`${origin}/a`, request)
    expect(answer).toEqual(retryAfterMs === undefined ? { status: 429 } : { status: 429, retryAfterMs })
  })

  it('of nobody is an error that names the host alone', async () => {
    const { origin } = await listen((incoming) => incoming.socket.destroy())
    const failure = open({ privateOrigins: [origin] }).post(`${origin}/secret-path`, request)
    await expect(failure).rejects.toThrow(new URL(origin).host)
    await expect(failure).rejects.not.toThrow('secret-path')
  })
})

it('what is no address is private', () => {
  expect(['', 'localhost', '1.2.3', '2606:4700::1111', '1.1.1.1'].map(isPrivateAddress)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
