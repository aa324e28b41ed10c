import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { type LatencyResult, measureLatency } from './latency.ts'
import { openConnections } from './load.ts'

const MEMBERS = 4
/** The last member hears of every message this much later than the others. */
const LATER_MS = 25
const FLAWED_MESSAGE = 3

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Flaw = 'loses it for one member' | 'delivers it twice to one member' | 'refuses it' | 'cuts a member off'

/** One room of `protocol.md`; the answer comes before the entries. */
async function startServer(flaw?: Flaw): Promise<number> {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  const members: WebSocket[] = []
  let seq = 0
  server.on('connection', (socket) => {
    members.push(socket)
    socket.send(JSON.stringify({ t: 'ready', rooms: [] }))
    socket.on('message', (data) => {
      const { id, room, body } = JSON.parse(data.toString())
      seq++
      const flawed = seq === FLAWED_MESSAGE ? flaw : undefined
      if (flawed === 'refuses it')
        return socket.send(JSON.stringify({ t: 'error', id, code: 'overloaded', message: 'later' }))
      socket.send(JSON.stringify({ t: 'ok', id, room, seq, at: 0 }))
      const entry = JSON.stringify({ t: 'entry', room, seq, kind: 'message', body })
      for (const member of members.slice(0, -1)) member.send(entry)
      if (flawed === 'delivers it twice to one member') members[1]?.send(entry)
      if (flawed === 'cuts a member off') members[1]?.close(4008, 'slow_consumer')
      if (flawed !== 'loses it for one member') setTimeout(() => members.at(-1)?.send(entry), LATER_MS)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    for (const member of members) member.terminate()
    await new Promise((resolve) => http.close(resolve))
  })
  return (http.address() as { port: number }).port
}

async function measureOn(port: number): Promise<LatencyResult> {
  const member = { room: 'room', token: 'token', port }
  const connections = await openConnections({
    dialect: 'parley',
    port: 0, // every connection brings its own
    connections: Array.from({ length: MEMBERS }, () => member),
    timeoutSeconds: 10,
  })
  cleanups.push(connections.close)
  return measureLatency(connections, {
    dialect: 'parley',
    sender: 0,
    elsewhere: [MEMBERS - 1],
    bodyCharacters: 40,
    warmupSeconds: 0,
    measureSeconds: 0.4,
    timeoutSeconds: 0.5,
    tag: 'test-run',
  })
}

describe('single messages', () => {
  test('are timed to the answer, to the entry, and to those who sit elsewhere', async () => {
    const result = await measureOn(await startServer())
    expect(result.faults).toEqual([])
    expect(result.messages).toBeGreaterThan(2)
    expect(result.ackMs?.p50).toBeLessThan(LATER_MS)
    // Two of three receivers are near, so the middle one is, and the slowest twentieth is not.
    expect(result.entryMs?.p50).toBeLessThan(LATER_MS)
    expect(result.entryMs?.p95).toBeGreaterThanOrEqual(LATER_MS - 2)
    expect(result.elsewhereLaterMs?.p50).toBeGreaterThan(LATER_MS / 2)
  })

  test.each<[Flaw, RegExp]>([
    ['loses it for one member', /did not reach everybody within/],
    ['delivers it twice to one member', /^entry 3 followed entry 3/],
    ['refuses it', /^a message was refused: overloaded/],
    ['cuts a member off', /4008 slow_consumer/],
  ])('give no figure for a server that %s', async (flaw, reason) => {
    const result = await measureOn(await startServer(flaw))
    expect(result.faults.join('; ')).toMatch(reason)
  })
})
