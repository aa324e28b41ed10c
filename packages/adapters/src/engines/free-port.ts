import { createServer } from 'node:net'

/** A port of loopback that nobody has at this moment; somebody may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.on('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
  return typeof address === 'object' && address !== null ? address.port : 0
}
