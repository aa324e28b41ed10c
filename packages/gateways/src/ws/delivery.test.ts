import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { CloseReason } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { createBurst, encodeFrame } from './burst.ts'
import { CONNECTION_MAX_WAITING_BYTES, Connection } from './connection.ts'
import { createFlusher } from './flusher.ts'
import type { Link } from './link.ts'

function createLink(): Link & { writes: string[][]; closed: CloseReason[]; waitingBytes: number } {
  const writes: string[][] = []
  const closed: CloseReason[] = []
  return {
    writes,
    closed,
    waitingBytes: 0,
    answersPing: true,
    terminate() {},
    ping() {},
    write: (bursts) => void writes.push(bursts.flatMap((burst) => burst.frames)),
    close: (reason) => void closed.push(reason),
  }
}

function createConnection(link: Link, ended: () => void = () => {}) {
  const flusher = createFlusher()
  return { flusher, connection: new Connection({ id: 'c', link, flusher, now: 0, onClosed: ended }) }
}

describe('delivery', () => {
  it.each([0, 125, 126, 65_535, 65_536, 70_000])(
    'encodes a text frame of %i bytes as RFC 6455 wants it',
    async (length) => {
      const text = 'é'.repeat(Math.floor(length / 2)) + 'x'.repeat(length % 2)
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      await once(server, 'listening')
      server.on('connection', (_socket, request) => request.socket.write(encodeFrame(text)))
      const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const [message] = await once(client, 'message')
      client.terminate()
      server.close()
      expect(String(message)).toBe(text)
    },
  )

  it('writes what a connection is owed in a tick with one call, in order', () => {
    const link = createLink()
    const { connection, flusher } = createConnection(link)
    for (const text of ['1', '2', '3']) connection.push(createBurst([text]))
    expect(link.writes).toEqual([])
    flusher.flushNow()
    expect(link.writes).toEqual([['1', '2', '3']])
  })

  it('closes a receiver that is owed more than the budget, and keeps nothing for it', () => {
    const link = createLink()
    let ended = 0
    const { connection, flusher } = createConnection(link, () => ended++)
    link.waitingBytes = CONNECTION_MAX_WAITING_BYTES - 10
    connection.push(createBurst(['12345678']))
    expect(link.closed).toEqual([])
    connection.push(createBurst(['one more']))
    expect(link.closed).toEqual(['slow_consumer'])
    flusher.flushNow()
    expect(link.writes).toEqual([])
    expect(ended).toBe(1)
  })

  it('drops what is worth nothing later before anything else', () => {
    const link = createLink()
    const { connection, flusher } = createConnection(link)
    link.waitingBytes = 100_000
    connection.pushEphemeral(createBurst(['typing']))
    connection.push(createBurst(['entry']))
    flusher.flushNow()
    expect(link.writes).toEqual([['entry']])
  })

  it('lets late news wait for the list of rooms', () => {
    const { connection } = createConnection(createLink())
    const order: string[] = []
    connection.whenReady(() => order.push('late'))
    order.push('list')
    connection.becomeReady()
    connection.whenReady(() => order.push('now'))
    expect(order).toEqual(['list', 'late', 'now'])
  })
})
