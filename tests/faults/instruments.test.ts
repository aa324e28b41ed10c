/** What the faults are made and judged with: an audit that sees nothing would be content with anything. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Entry } from '@parley/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { auditLog, auditScreen } from '../support/audit.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const CLEAN = { lost: 0, duplicated: 0, out_of_order: 0 }

test('the audit of a screen finds what is lost, doubled or out of its author’s order', () => {
  const sent = [
    ['a1', 'a2', 'a3'],
    ['b1', 'b2'],
  ]
  expect(auditScreen(['b1', 'a1', 'a2', 'b2', 'a3'], sent)).toEqual(CLEAN)
  expect(auditScreen(['b1', 'a1', 'b2', 'a3'], sent)).toEqual({ ...CLEAN, lost: 1 })
  expect(auditScreen(['b1', 'a1', 'a2', 'a2', 'b2', 'a3'], sent)).toEqual({ ...CLEAN, duplicated: 1 })
  expect(auditScreen(['a1', 'a3', 'a2', 'b2', 'b1'], sent)).toEqual({ ...CLEAN, out_of_order: 2 })
})

test('the audit of a log finds what was acknowledged and is not there, what is there twice, and gaps', () => {
  const entry = (seq: number, client_id: string) => ({ seq, from: 'u', client_id }) as Entry
  const acknowledged = (seq: number, client_id: string) => ({ seq, from: 'u', client_id })
  const log = [entry(1, 'one'), entry(2, 'two')]
  expect(auditLog(log, [acknowledged(2, 'two')])).toEqual(CLEAN)
  expect(auditLog(log, [acknowledged(3, 'three')])).toEqual({ ...CLEAN, lost: 1 })
  expect(auditLog(log, [acknowledged(1, 'two')])).toEqual({ ...CLEAN, lost: 1 })
  expect(auditLog([...log, entry(3, 'one')], [])).toEqual({ ...CLEAN, duplicated: 1 })
  expect(auditLog([entry(1, 'one'), entry(3, 'two')], [])).toEqual({ ...CLEAN, out_of_order: 1 })
})

/** A server that says everything again, and a client behind a proxy. */
async function setUp() {
  const server = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const proxy = await startTcpProxy(server.address() as AddressInfo)
  const clients: Socket[] = []
  onTestFinished(async () => {
    for (const client of clients) client.destroy()
    await proxy.close()
    server.close()
  })
  return {
    proxy,
    async client() {
      const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1')
      clients.push(socket)
      const seen = { text: '', ended: '' }
      socket.on('data', (chunk) => {
        seen.text += chunk
      })
      socket.on('error', (error: NodeJS.ErrnoException) => {
        seen.ended = error.code ?? ''
      })
      socket.on('close', () => {
        seen.ended ||= 'end'
      })
      await once(socket, 'connect')
      socket.write('hello ')
      await expect.poll(() => seen.text).toBe('hello ')
      return { socket, seen }
    },
  }
}

test('the proxy passes everything in order, however long each piece is held up', async () => {
  const { proxy, client } = await setUp()
  const { socket, seen } = await client()
  let next = 0
  proxy.delay(() => [30, 0, 15][next++ % 3] ?? 0)
  const numbers = Array.from({ length: 40 }, (_, n) => `${n} `)
  for (const number of numbers) {
    socket.write(number)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(() => seen.text, { timeout: 5_000 }).toBe(`hello ${numbers.join('')}`)
})

test('the proxy cuts after exactly so many bytes, and new lines live on', async () => {
  const { proxy, client } = await setUp()
  const { socket, seen } = await client()
  proxy.cutAfter('down', 4)
  socket.write('goodbye')
  await expect.poll(() => seen.ended).not.toBe('')
  expect(seen.text).toBe('hello good')
  const after = await client()
  expect(proxy.cut('end')).toBe(1)
  await expect.poll(() => after.seen.ended).toBe('end')
  await expect.poll(() => proxy.lineCount).toBe(0)
})

test('a frozen line is silent and loses nothing; what a line swallows is gone; both stay open', async () => {
  const { proxy, client } = await setUp()
  const [frozen, robbed] = [await client(), await client()]
  proxy.freeze('up')
  frozen.socket.write('later ')
  const fresh = await client()
  proxy.thaw()
  await expect.poll(() => frozen.seen.text).toBe('hello later ')
  proxy.swallow('down')
  robbed.socket.write('never ')
  await expect.poll(() => proxy.withheldBytes).toBe('later never '.length)
  expect([fresh, robbed, frozen].map(({ seen }) => seen.ended)).toEqual(['', '', ''])
  expect(robbed.seen.text).toBe('hello ')
})

test('a proxy that refuses resets new lines and keeps the old ones', async () => {
  const { proxy, client } = await setUp()
  const old = await client()
  proxy.refuse(true)
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  const [error] = await once(socket, 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET' })
  old.socket.write('again')
  await expect.poll(() => old.seen.text).toBe('hello again')
})
