import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { ParleyError } from '@parley/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { fakeFileDoor } from './testing/fake-services.ts'
import { BEARER, startGateway } from './testing/start-gateway.ts'

const MORE_BYTES = 20_000_000

/** A door that refuses before it reads, and the connection of a sender that has begun a form of `MORE_BYTES` and more. */
async function beginRefused() {
  const { app } = await startGateway({
    fileDoor: {
      ...fakeFileDoor(),
      upload: async () => {
        throw new ParleyError('file_too_large', { details: { max_bytes: 1 } })
      },
    },
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setEncoding('utf8')
  onTestFinished(() => void socket.destroy())
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\nbegun'
  const head = [
    'POST /api/v1/files HTTP/1.1',
    'Host: a',
    `Authorization: ${BEARER.authorization}`,
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${part.length + MORE_BYTES}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${part}`)
  return socket
}

async function readAll(socket: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

test('who neither sends nor closes is refused at once, and told that the connection ends', async () => {
  const socket = await beginRefused()
  // Resolves with the end of the other side; this one has sent nothing more.
  const answer = await readAll(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(answer).toMatch(/^connection: close\r$/im)
  expect(answer).toContain('file_too_large')
})

test('who reads only after all was sent still reads why it was refused', async () => {
  const socket = await beginRefused()
  await once(socket, 'readable')
  const block = Buffer.alloc(1_000_000)
  for (let sent = 0; sent < MORE_BYTES; sent += block.length)
    if (!socket.write(block)) await once(socket, 'drain')
  expect(await readAll(socket)).toContain('file_too_large')
})
