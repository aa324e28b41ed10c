import { connect } from 'node:net'
import Fastify from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { limitRequestTime } from './limit-request-time.ts'

const WITHIN_MS = 100

/** A server that says on `late` how many requests it hung up on; its port. */
async function start(late: () => void): Promise<number> {
  const app = Fastify({ requestTimeout: 0 })
  app.addHook(
    'onRequest',
    limitRequestTime(WITHIN_MS, (_error, socket) => {
      late()
      socket.destroy()
    }),
  )
  app.post('/short', async () => 'done')
  app.post('/long', { config: { streams: true } }, async () => 'done')
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  return (app.server.address() as { port: number }).port
}

/** Sends half a body; resolves with what was answered when the other side hangs up, or when `finish` was sent. */
function sendHalf(port: number, path: string, finishAfterMs?: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
    if (answer.includes('done')) socket.destroy()
  })
  socket.once('close', () => resolve(answer))
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n"a`,
  )
  if (finishAfterMs !== undefined) setTimeout(() => socket.write('b"'), finishAfterMs)
  return promise
}

it('a request that does not arrive in time is hung up on', async () => {
  let late = 0
  const port = await start(() => late++)
  expect(await sendHalf(port, '/short')).toBe('')
  expect(late).toBe(1)
})

it('one that does is answered, and an upload may take longer', async () => {
  let late = 0
  const port = await start(() => late++)
  expect(await sendHalf(port, '/short', 0)).toContain('done')
  expect(await sendHalf(port, '/long', WITHIN_MS * 3)).toContain('done')
  expect(late).toBe(0)
})
