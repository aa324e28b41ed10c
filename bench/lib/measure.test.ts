import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { disturbance, judge } from './compare.ts'
import { type Connections, openConnections } from './load.ts'
import { measure, type RunResult } from './measure.ts'

/** What a small server of `protocol.md` does wrong, on the message with that number. */
interface Flaw {
  message: number
  what: 'loses it for one member' | 'delivers it twice to one member' | 'refuses it' | 'cuts a member off'
}

const FLAWED_MESSAGE = 5
const MEMBERS = 6

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** One room; a delivery to every member, then the acknowledgement. */
async function startServer(flaw?: Flaw): Promise<number> {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  const members: WebSocket[] = []
  let seq = 0
  server.on('connection', (socket) => {
    members.push(socket)
    socket.send(
      JSON.stringify({ t: 'hello', v: 1, auth_required: false, limits: { filler: 'x'.repeat(200) } }),
    )
    socket.send(JSON.stringify({ t: 'ready', rooms: [], filler: 'x'.repeat(200) }))
    socket.on('message', (data) => {
      const { id, room, client_id, body } = JSON.parse(data.toString())
      seq++
      const flawed = seq === flaw?.message ? flaw.what : undefined
      if (flawed === 'refuses it') {
        socket.send(JSON.stringify({ t: 'error', id, code: 'overloaded', message: 'later', retryable: true }))
        return
      }
      const entry = JSON.stringify({
        t: 'entry',
        room,
        seq,
        kind: 'message',
        from: 'somebody',
        client_id,
        body,
      })
      members.forEach((member, i) => {
        const last = i === MEMBERS - 1
        if (last && flawed === 'loses it for one member') return
        if (last && flawed === 'cuts a member off') member.close(4008, 'slow_consumer')
        else member.send(entry)
        if (last && flawed === 'delivers it twice to one member') member.send(entry)
      })
      socket.send(JSON.stringify({ t: 'ok', id, room, seq, at: 0 }))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    for (const member of members) member.terminate()
    await new Promise((resolve) => http.close(resolve))
  })
  return (http.address() as { port: number }).port
}

async function connectMembers(port: number): Promise<Connections> {
  const connections = await openConnections({
    dialect: 'parley',
    port,
    connections: Array.from({ length: MEMBERS }, () => ({ room: 'room', token: 'token' })),
    timeoutSeconds: 10,
  })
  cleanups.push(connections.close)
  return connections
}

function runOn(connections: Connections): Promise<RunResult> {
  return measure(connections, {
    dialect: 'parley',
    senders: [0, 1],
    window: 2,
    frameBytes: 215,
    warmupSeconds: 0.05,
    measureSeconds: 0.2,
    drainSeconds: 0.5,
    tag: 'test-run',
    serverPid: process.pid,
  })
}

describe('a measured run', () => {
  test('counts what every member was delivered, in frames of the size that was asked for', async () => {
    const result = await runOn(await connectMembers(await startServer()))
    expect(result.faults).toEqual([])
    expect(result.owed).toMatchObject({ connections: MEMBERS, missing: 0, surplus: 0 })
    expect(result.messages).toBeGreaterThan(0)
    // Within the window a message may be acknowledged and still be on its way to the last member, or the reverse.
    expect(Math.abs(result.deliveries - (result.messages ?? 0) * MEMBERS)).toBeLessThanOrEqual(4 * MEMBERS)
    // Ids and sequence numbers grow by a few digits after the probe.
    expect(result.meanFrameBytes).toBeGreaterThanOrEqual(215)
    expect(result.meanFrameBytes).toBeLessThan(230)
    expect(result.ackMs?.p99).toBeGreaterThanOrEqual(result.ackMs?.p50 ?? Number.NaN)
  })

  test('can be repeated on the same connections', async () => {
    const connections = await connectMembers(await startServer())
    expect((await runOn(connections)).faults).toEqual([])
    expect((await runOn(connections)).faults).toEqual([])
  })

  test.each<[Flaw['what'], RegExp]>([
    ['loses it for one member', /^1 deliveries were missing/],
    ['delivers it twice to one member', /^1 deliveries more than/],
    ['refuses it', /a message was refused: overloaded/],
    ['cuts a member off', /4008 slow_consumer/],
  ])('gives no figure for a server that %s', async (what, reason) => {
    const result = await runOn(await connectMembers(await startServer({ message: FLAWED_MESSAGE, what })))
    expect(result.faults.join('; ')).toMatch(reason)
    // On a busy machine it may say besides that the generator was the limit.
    expect(judge(result)).toEqual(expect.arrayContaining([...result.faults]))
  })

  test('gives no figure when the generator was busier than the server', async () => {
    const result = await runOn(await connectMembers(await startServer()))
    const cpu = { load: 0.99, server: 0.5, database: 0.1 }
    expect(judge({ ...result, cpu }).join()).toContain('the load generator was the limit')
    expect(judge({ ...result, cpu: { ...cpu, database: 0.45 } })).toEqual([])
  })
})

test('what other programs took of the cores is told apart from what we used', async () => {
  const result = await runOn(await connectMembers(await startServer()))
  const cpu = { load: 0.5, server: 0.4, database: 0.2, serverCore: 0.9, loadCore: 0.8 }
  expect(disturbance({ ...result, cpu })).toBeCloseTo(0.3)
  expect(disturbance({ ...result, cpu: { ...cpu, serverCore: 0.6 } })).toBeCloseTo(0)
  expect(disturbance({ ...result, cpu: { ...cpu, serverCore: 0.6, loadCore: 1 } })).toBeCloseTo(0.5)
})

test('connections that are refused reject with the reason instead of leaving a smaller crowd', async () => {
  const http = createServer()
  http.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise<void>((resolve) => http.close(() => resolve())))
  await expect(connectMembers((http.address() as { port: number }).port)).rejects.toThrow('401')
})
