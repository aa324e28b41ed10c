/** What nginx does when replicas fail, drain and come back. */
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { errorCatalogue } from '@parley/protocol'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { type Answer, ask, type FrontDoor, startFrontDoor, startUpstream } from '../support/front-door.ts'
import { freePort, startTestServer } from '../support/test-server.ts'

const SEND = '/api/v1/rooms/r-tea/messages'

type Upstream = Awaited<ReturnType<typeof startUpstream>>

async function upstream(listener: Parameters<typeof startUpstream>[0]): Promise<Upstream> {
  const started = await startUpstream(listener)
  onTestFinished(() => started.close())
  return started
}

async function frontDoor(options: Parameters<typeof startFrontDoor>[0]): Promise<FrontDoor> {
  const door = await startFrontDoor(options)
  onTestFinished(() => door.stop())
  return door
}

function expectUnavailable(answer: Answer): void {
  const { status, message } = errorCatalogue.unavailable
  expect([answer.status, answer.headers['retry-after']]).toEqual([status, '1'])
  expect(JSON.parse(answer.body)).toEqual({
    error: { code: 'unavailable', message, request_id: answer.headers['x-request-id'] },
  })
}

test('replicas that are away or too slow are unavailable, in the catalogue’s words', async () => {
  const slow = await upstream((_request, response) => response.writeHead(504).end('late'))
  const away = `127.0.0.1:${await freePort()}`
  for (const address of [away, slow.address]) {
    const door = await frontDoor({ http: [address], ws: [address] })
    for (const path of ['/', '/api/v1/rooms', SEND, '/ws', '/api/v1/stream', '/api/v1/stream/s-1'])
      for (const method of ['GET', 'POST']) expectUnavailable(await ask(`${door.url}${path}`, { method }))
  }
})

test('what the program itself says, a 429 or 503 of its own, is passed on as it is', async () => {
  const door = await (async () => {
    const { address } = await upstream((request, response) => {
      response.writeHead(Number(request.url?.slice(1)), { 'retry-after': '7' }).end('its own words')
    })
    return frontDoor({ http: [address, address], ws: [address] })
  })()
  for (const status of [400, 401, 404, 409, 429, 503]) {
    const answer = await ask(`${door.url}/${status}`)
    expect([answer.status, answer.headers['retry-after'], answer.body]).toEqual([
      status,
      '7',
      'its own words',
    ])
  }
})

test('what may have been executed is never sent twice, unless a second time changes nothing', async () => {
  const seen: string[] = []
  const cut = await upstream((request) => {
    seen.push(`${request.method} ${request.url}`)
    request.socket.destroy()
  })
  const door = await frontDoor({ http: [cut.address, cut.address], ws: [cut.address, cut.address] })
  for (const [method, path, times] of [
    ['POST', '/api/v1/rooms', 1],
    ['PATCH', '/api/v1/rooms/r-tea', 1],
    ['POST', '/api/v1/auth/register', 1],
    ['POST', '/api/v1/stream/s-1', 1],
    ['POST', SEND, 2],
    ['GET', '/api/v1/rooms', 2],
    ['PUT', '/api/v1/rooms/r-tea/messages/1/pin', 2],
    ['DELETE', '/api/v1/rooms/r-tea', 2],
  ] as const) {
    seen.length = 0
    expectUnavailable(await ask(`${door.url}${path}`, { method }))
    if (times === 1) expect(seen).toEqual([`${method} ${path}`])
    else expect(seen.length).toBeGreaterThanOrEqual(times)
  }
})

test('one that fails a request does not keep the others from their answers', async () => {
  const good = await upstream((_request, response) => response.end('good'))
  const away = `127.0.0.1:${await freePort()}`
  const door = await frontDoor({ http: [away, good.address], ws: [away, good.address] })
  for (const path of ['/', SEND, '/api/v1/rooms', '/api/v1/stream', '/api/v1/stream/s-1'])
    for (const method of ['GET', 'POST', 'POST', 'GET'])
      expect([path, method, (await ask(`${door.url}${path}`, { method })).body]).toEqual([
        path,
        method,
        'good',
      ])
})

test('what a leaving replica sends back is done by another, and by itself when it is the last', async () => {
  const leaving = await upstream((request, response) => {
    request.resume().on('end', () => {
      const isFirst = request.headers['x-parley-turn'] === 'first'
      response.writeHead(isFirst ? 502 : 200, { connection: 'close' }).end(isFirst ? 'go on' : 'leaving')
    })
  })
  const good = await upstream((request, response) => request.resume().on('end', () => response.end('good')))
  const away = `127.0.0.1:${await freePort()}`
  const body = 'x'.repeat(60_000)
  for (const [others, expected] of [
    [[good.address], 'good'],
    [[], 'leaving'],
    [[away], 'leaving'],
    [[leaving.address], 'leaving'],
  ] as const) {
    const addresses = [leaving.address, ...others]
    const door = await frontDoor({ http: addresses, ws: addresses })
    for (const path of ['/api/v1/rooms', SEND, '/api/v1/stream/s-1'])
      for (const method of ['POST', 'PUT', 'PATCH', 'POST'].slice(0, path.includes('stream') ? 1 : 4)) {
        const answer = await ask(`${door.url}${path}`, { method, body })
        expect([path, method, others.length, answer.body]).toEqual([path, method, others.length, expected])
      }
  }
})

test('the connections of one address have a bound', async () => {
  const { address } = await upstream((_request, response) => response.writeHead(200).write('open'))
  const door = await frontDoor({ http: [address], ws: [address], addressConnections: 2 })
  const open = [1, 2].map(() => get(`${door.url}/api/v1/stream`))
  await Promise.all(open.map((request) => once(request, 'response')))
  const refused = await ask(`${door.url}/api/v1/stream`)
  expect([refused.status, JSON.parse(refused.body).error.code]).toEqual([429, 'rate_limited'])
  // Of one address: another one is let in.
  const other = get(`${door.url}/api/v1/stream`, { localAddress: '127.0.0.9' })
  const [admitted] = await once(other, 'response')
  expect(admitted.statusCode).toBe(200)
  for (const request of [...open, other]) request.destroy()
})

test('after a reload the new servers are asked, and open streams go on', async () => {
  const old = await upstream((_request, response) => response.writeHead(200).write('old'))
  const next = await upstream((_request, response) => response.end('next'))
  const door = await frontDoor({ http: [old.address], ws: [old.address] })
  const stream = get(`${door.url}/api/v1/stream`)
  const [incoming] = await once(stream, 'response')
  await door.reload({ http: [next.address], ws: [next.address] })
  expect((await ask(`${door.url}/`)).body).toBe('next')
  expect(incoming.destroyed).toBe(false)
  stream.destroy()
  await expect(door.reload({ http: ['not an address;'], ws: [next.address] })).rejects.toThrow(/host:port/)
})

test('a restart of one replica after the other loses no request and no socket', async () => {
  const servers = await Promise.all([startTestServer(), startTestServer()])
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.stop()))
  })
  const urls = servers.map((server) => server.url)
  const door = await frontDoor({ http: urls, ws: urls })
  const load = startLoad(door.url)
  await load.answered(200)
  // Without a pause: the other one goes while nginx may still think ill of the first.
  for (const server of servers) await server.restart()
  await load.answered(200)
  const { failures, count } = await load.stop()
  expect(failures).toEqual([])
  expect(count).toBeGreaterThan(600)
}, 120_000)

interface Load {
  /** Resolves when this many more have been answered. */
  answered(more: number): Promise<void>
  stop(): Promise<{ failures: string[]; count: number }>
}

/** Each worker asks one thing after the other; what is not the expected answer is a failure. */
function startLoad(url: string): Load {
  const agent = new Agent({ keepAlive: true })
  const failures: string[] = []
  const watchers = new Set<() => void>()
  let count = 0
  let ending = false
  const http = (method: string, path: string, status: number) => async () => {
    const answer = await ask(`${url}${path}`, {
      method,
      agent,
      ...(method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {}),
    })
    if (answer.status !== status) throw new Error(`${answer.status} ${answer.body}`)
  }
  const socket = async (): Promise<void> => {
    const opened = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    const [data] = await once(opened, 'message')
    if (!String(data).includes('"hello"')) throw new Error(String(data))
    opened.terminate()
  }
  const asks: [string, () => Promise<void>][] = [
    ['GET a document', http('GET', '/api/openapi.json', 200)],
    ['GET ready', http('GET', '/readyz', 200)],
    ['send', http('POST', SEND, 401)],
    ['POST once', http('POST', '/api/v1/rooms', 401)],
    ['POST once more', http('POST', '/api/v1/auth/logout', 401)],
    ['open a socket', socket],
  ]
  const work = async ([name, action]: (typeof asks)[number]): Promise<void> => {
    while (!ending) {
      await action().catch((error: unknown) => failures.push(`${name}: ${String(error)}`))
      count++
      for (const watcher of watchers) watcher()
    }
  }
  const workers = Promise.all(asks.map(work))
  return {
    answered(more) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const goal = count + more
      const watcher = (): void => {
        if (count < goal) return
        watchers.delete(watcher)
        resolve()
      }
      watchers.add(watcher)
      return promise
    },
    async stop() {
      ending = true
      await workers
      agent.destroy()
      return { failures: failures.slice(0, 10), count }
    },
  }
}
