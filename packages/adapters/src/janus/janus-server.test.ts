import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type MediaServer, systemClock } from '@parley/contracts'
import { describeMediaServer } from '@parley/contracts/testing/media-server-suite'
import { afterAll, expect, it, onTestFinished, vi } from 'vitest'
import { type JanusServer, startJanus } from '../../../../tests/support/janus-server.ts'
import { createJanusServer } from './create-janus-server.ts'

let janus: JanusServer | undefined
const clients: MediaServer[] = []

function connect(url: string, secret: string): MediaServer {
  const server = createJanusServer({ url, secret, clock: systemClock })
  clients.push(server)
  return server
}

afterAll(async () => {
  for (const client of clients) client.close()
  await janus?.stop()
})

describeMediaServer('Janus', async () => {
  janus ??= await startJanus()
  const { url, secret, restart, kill } = janus
  return { server: connect(url, secret), another: () => connect(url, secret), restart, kill }
})

it('as it is shipped, nothing is loaded but what Parley uses', async () => {
  janus ??= await startJanus()
  const { url } = janus
  const info = await vi.waitFor(async () => {
    const now = (await (await fetch(`${url}/info`)).json()) as Record<string, object>
    // It answers a moment before it counts what it answers with.
    expect(Object.keys(now.transports ?? {})).toEqual(['janus.transport.http'])
    return now
  })
  expect(Object.keys(info.plugins ?? {})).toEqual(['janus.plugin.videoroom'])
  expect(Object.keys(info).filter((name) => /dependencies|libnice/.test(name))).toEqual([])
})

it('a wrong secret shows at once, without the right one in it', async () => {
  janus ??= await startJanus()
  const error: unknown = await connect(janus.url, 'wrong')
    .check()
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'unavailable', certain: true })
  expect(String((error as Error).cause)).toContain('403')
})

it('one that is frozen is silent within a second', async () => {
  janus ??= await startJanus()
  const server = connect(janus.url, janus.secret)
  await server.check()
  janus.pause()
  onTestFinished(() => janus?.resume())
  // Its threads do not stop all at once.
  await vi.waitFor(
    () => expect(server.check()).rejects.toMatchObject({ code: 'unavailable', certain: false }),
    10_000,
  )
})

it('another program in its place is none', async () => {
  const other = createServer((_, response) => response.end('<p>hello</p>')).listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  await expect(connect(`http://127.0.0.1:${port}/janus`, 'secret').check()).rejects.toMatchObject({
    code: 'unavailable',
    certain: true,
  })
})
