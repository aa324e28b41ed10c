/** What a connection does to the process that holds it when its server goes. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { silentLog } from '@parley/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase } from './create-database.ts'

/** One message of PostgreSQL's protocol: its type, the length of what follows, and that. */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(4 + body.length)
  return Buffer.concat([Buffer.from(type), length, body])
}

const AUTHENTICATED = message('R', Buffer.alloc(4))
const READY = message('Z', Buffer.from('I'))
const SHUT_DOWN = message(
  'E',
  Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0'),
)

test('a server that goes as soon as it has let somebody in makes that unavailable, and ends nobody else', async () => {
  // All in one write: the connection breaks before anybody who waits for it has heard that it is there.
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, SHUT_DOWN])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.prependListener('uncaughtException', note)
  onTestFinished(() => void process.off('uncaughtException', note))

  const database = createDatabase({
    connection: `postgresql://somebody@127.0.0.1:${port}/any`,
    maxConnections: 1,
    log: silentLog,
  })
  const work = database.transaction((tx) => tx.query('select 1'))
  await expect(work).rejects.toMatchObject({ code: 'unavailable' })
  await expect(database.query('select 1')).rejects.toMatchObject({ code: 'unavailable' })
  await database.close()
  expect(uncaught).toEqual([])
})
