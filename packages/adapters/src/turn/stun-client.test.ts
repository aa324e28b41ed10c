/** Against servers of the test's own, where coturn cannot be made to misbehave. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { systemClock } from '@parley/contracts'
import type { IceUrl } from '@parley/protocol/ice-url'
import { expect, onTestFinished, test } from 'vitest'
import { openStunClient, reflect } from './stun-client.ts'
import {
  ATTRIBUTE,
  decodeStun,
  encodeEndpoint,
  encodeStun,
  METHOD,
  type StunMessage,
  stunSize,
} from './stun-message.ts'

const options = { clock: systemClock, timeoutMs: 2_000 }
const MAPPED = { address: '203.0.113.9', port: 4_321 }

function answerTo(bytes: Buffer, key?: Buffer): Buffer {
  const { transaction, method } = decodeStun(bytes) as StunMessage
  return encodeStun(
    {
      class: 'success',
      method,
      transaction,
      attributes: [[ATTRIBUTE.mappedAddress, encodeEndpoint(MAPPED, transaction)]],
    },
    key,
  )
}

/** `answer` is given each packet and how many came before it. */
async function startUdp(answer: (bytes: Buffer, before: number) => readonly Buffer[]): Promise<IceUrl> {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  let count = 0
  server.on('message', (bytes, { port, address }) => {
    for (const one of answer(bytes, count++)) server.send(one, port, address)
  })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: '', protocol: 'stun', transport: 'udp', host: '127.0.0.1', port: server.address().port }
}

async function startTcp(serve: (socket: Socket) => void): Promise<IceUrl> {
  const server = createServer((socket) => serve(socket.on('error', () => undefined))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { url: '', protocol: 'stun', transport: 'tcp', host: '127.0.0.1', port }
}

async function open(url: IceUrl, timeoutMs = options.timeoutMs) {
  const client = await openStunClient(url, { ...options, timeoutMs })
  onTestFinished(() => client.close())
  return client
}

test('by UDP a question is asked again until it is answered', async () => {
  const client = await open(await startUdp((bytes, before) => (before === 0 ? [] : [answerTo(bytes)])))
  expect((await reflect(client)).mapped).toEqual(MAPPED)
})

test('answers to something else, and noise, are not taken', async () => {
  const url = await startUdp((bytes) => {
    const other = Buffer.from(bytes)
    other[8] = (other[8] ?? 0) ^ 1
    return [Buffer.from('noise'), answerTo(other)]
  })
  await expect(reflect(await open(url, 100))).rejects.toMatchObject({ kind: 'silent' })
})

test('a success that is not signed with our password is not taken', async () => {
  const [right, wrong] = [Buffer.from('right'), Buffer.from('wrong')]
  const ask = async (...answers: (Buffer | undefined)[]) => {
    const url = await startUdp((bytes) => answers.map((key) => answerTo(bytes, key)))
    return (await open(url, 100)).ask(METHOD.allocate, () => [], right)
  }
  await expect(ask(undefined, wrong)).rejects.toMatchObject({ kind: 'silent' })
  await expect(ask(wrong, right)).resolves.toMatchObject({ class: 'success' })
})

test('by TCP an answer may come in pieces, and two at once', async () => {
  const url = await startTcp((socket) => {
    let asked = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      asked = Buffer.concat([asked, bytes])
      const size = stunSize(asked)
      if (size === undefined || asked.length < 2 * size) return
      const answers = Buffer.concat([answerTo(asked), answerTo(asked.subarray(size))])
      socket.write(answers.subarray(0, 13))
      setImmediate(() => socket.write(answers.subarray(13)))
    })
  })
  const client = await open(url)
  const [one, two] = await Promise.all([reflect(client), reflect(client)])
  expect([one.mapped, two.mapped]).toEqual([MAPPED, MAPPED])
})

test('another protocol, and a connection that is cut, are told from silence', async () => {
  const web = await startTcp((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await expect(reflect(await open(web))).rejects.toMatchObject({ kind: 'strange' })
  const cut = await startTcp((socket) => {
    socket.once('data', () => socket.destroy())
  })
  const client = await open(cut)
  await expect(reflect(client)).rejects.toMatchObject({ kind: 'cut' })
  await expect(reflect(client)).rejects.toMatchObject({ kind: 'cut' })
})
