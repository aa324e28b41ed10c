import { expect, test } from 'vitest'
import type { StreamDoor } from '../../shared/stream-door.ts'
import { ann } from '../testing/fake-services.ts'
import { codeOf, startGateway } from '../testing/start-gateway.ts'

function fakeDoor(answer: object | null = { t: 'ok', id: 1 }) {
  const opened: unknown[] = []
  const handed: unknown[] = []
  const door: StreamDoor = {
    open(_request, reply, principal, query) {
      opened.push({ user: principal.user, ...query })
      reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' })
      reply.end('data: {"t":"hello"}\n\n')
    },
    request: async (principal, session, frame) => {
      handed.push([principal.user, session, frame])
      return answer
    },
  }
  return { door, opened, handed }
}

test('a stream is handed over with its principal, its cursor and the headers set so far', async () => {
  const { door, opened } = fakeDoor()
  const { call } = await startGateway({ stream: door })
  const answer = await call('GET', '/api/v1/stream?resume=1.42&poll=1')
  expect(answer.body).toBe('data: {"t":"hello"}\n\n')
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-content-type-options': 'nosniff',
    'x-request-id': expect.any(String),
  })
  await call('GET', '/api/v1/stream')
  expect(opened).toEqual([
    { user: ann.id, resume: '1.42', poll: true },
    { user: ann.id, poll: false },
  ])
})

test('nobody opens a stream without credentials, or by HEAD', async () => {
  const { door, opened } = fakeDoor()
  const { call } = await startGateway({ stream: door })
  expect((await call('GET', '/api/v1/stream', undefined, {})).statusCode).toBe(401)
  expect((await call('HEAD', '/api/v1/stream')).statusCode).toBe(404)
  expect((await call('GET', '/api/v1/stream?resume=a%20b')).statusCode).toBe(400)
  expect(opened).toEqual([])
})

test('a door that fails ends the stream and not the server', async () => {
  const { door } = fakeDoor()
  const broken = { ...door, open: () => JSON.parse('{') }
  const { call, lines } = await startGateway({ stream: broken })
  await expect(call('GET', '/api/v1/stream')).rejects.toThrow()
  expect(lines.map((line) => line.level)).toContain('error')
  expect((await call('GET', '/healthz')).statusCode).toBe(200)
})

test('a frame is handed in and its answer is the body, an error frame too', async () => {
  for (const frame of [
    { t: 'ok', id: 1, room: 'r', seq: 4, at: 9 },
    { t: 'error', id: 1, code: 'not_member', message: 'No.', retryable: false },
  ]) {
    const { door, handed } = fakeDoor(frame)
    const { call } = await startGateway({ stream: door })
    const answer = await call('POST', '/api/v1/stream/s-1', { t: 'send', id: 1, body: 'hi' })
    expect([answer.statusCode, answer.json()]).toEqual([200, frame])
    expect(handed).toEqual([[ann.id, 's-1', { t: 'send', id: 1, body: 'hi' }]])
  }
})

test('a session of somebody else, or of nobody, is not found', async () => {
  const { door } = fakeDoor(null)
  for (const stream of [door, null]) {
    const { call } = await startGateway({ stream })
    const answer = await call('POST', '/api/v1/stream/s-1', { t: 'ping', id: 1 })
    expect([answer.statusCode, codeOf(answer)]).toEqual([404, 'not_found'])
  }
})

test('where the delivery engine is elsewhere there is no stream', async () => {
  const { call } = await startGateway({ stream: null })
  expect((await call('GET', '/api/v1/stream')).statusCode).toBe(404)
})

test('what is not a frame is refused before it reaches the door', async () => {
  const { door, handed } = fakeDoor()
  const { call } = await startGateway({ stream: door })
  for (const body of ['[]', '1', '{"id":1}', '{"t":5}']) {
    expect([body, (await call('POST', '/api/v1/stream/s-1', body)).statusCode]).toEqual([body, 400])
  }
  expect(handed).toEqual([])
})
