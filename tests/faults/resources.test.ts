/** What runs short: memory for those who do not listen, the door when everybody comes at once, the disk. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runParley } from '../server/run-parley.ts'
import { canMountSmallDisk, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { freePort, startTestServer, type TestServer } from '../support/test-server.ts'
import { PATIENCE, runFault } from './audited.ts'
import { type Crowd, gatherCrowd, signIn } from './crowd.ts'
import { residentBytes } from './processes.ts'
import { RawClient } from './raw-client.ts'
import { createRandom, seeds } from './seeds.ts'

const MEGABYTE = 1024 * 1024
const TALKERS = 5
/** Each talker's; one person may have fifty connections. */
const HERD_EACH = 40
const HERD = TALKERS * HERD_EACH
const FROZEN = 10
/** What the gateway lets a connection wait for, and what the test's own noise may cost. */
const FROZEN_MAX_BYTES = FROZEN * 4 * MEGABYTE + 100 * MEGABYTE
/** As large as a message may be: 8,000 characters of three bytes. */
const LARGE = '界'.repeat(7_980)

describe.each(seeds)('what runs short, seed %i', (seed) => {
  const random = createRandom(seed)
  let server: TestServer
  let crowd: Crowd
  beforeAll(async () => {
    server = await startTestServer()
    crowd = await gatherCrowd({ server, urls: [server.url], size: TALKERS, random })
  })
  afterAll(async () => {
    await crowd?.stop()
    await server?.stop()
  })

  it('receivers that stop reading are closed; memory stays bounded, and nobody else notices', async () => {
    const token = await signIn(server, crowd.members[0])
    const delaysMs: number[] = []
    let grownBytes = 0
    const frozen: RawClient[] = []
    await runFault({
      fault: 'receiver_frozen',
      seed,
      crowd,
      async inject(talk) {
        for (let n = 0; n < FROZEN; n++)
          frozen.push(new RawClient({ url: server.url, token, room: talk.room }))
        for (const client of frozen) client.connect()
        await expect.poll(() => frozen.every((client) => client.ready), PATIENCE).toBe(true)
        for (const client of frozen) {
          client.retire()
          client.freeze()
        }
        const before = await residentBytes(server.pid)
        const connected = await countConnections(server)
        while ((await countConnections(server)) > connected - FROZEN) {
          const bodies = talk.members.map((_, who) => talk.say(who, LARGE))
          const saidAt = performance.now()
          await talk.shownToAll(bodies)
          delaysMs.push(performance.now() - saidAt)
          grownBytes = Math.max(grownBytes, (await residentBytes(server.pid)) - before)
        }
      },
    })
    for (const client of frozen) client.thaw()
    await expect
      .poll(() => frozen.map((client) => client.closeCode), PATIENCE)
      .toEqual(frozen.map(() => 4008))
    expect(frozen.map((client) => client.disorders)).toEqual(frozen.map(() => 0))
    expect(grownBytes).toBeLessThan(FROZEN_MAX_BYTES)
    expect(median(delaysMs)).toBeLessThan(1_000)
  })

  it('everybody comes back in the same moment, without a pause, while others talk', async () => {
    const proxy = await startTcpProxy(server)
    const tokens = await Promise.all(crowd.members.map((member) => signIn(server, member)))
    let herd: RawClient[] = []
    let room = ''
    await runFault({
      fault: 'herd',
      seed,
      crowd,
      async inject(talk) {
        room = talk.room
        herd = tokens.flatMap((token) =>
          Array.from({ length: HERD_EACH }, () => new RawClient({ url: proxy.url, token, room })),
        )
        for (const client of herd) client.connect()
        const all = (connections: number) => () =>
          herd.every((client) => client.ready && client.connections >= connections)
        await expect.poll(all(1), PATIENCE).toBe(true)
        const cutAt = performance.now()
        expect(proxy.cut()).toBe(HERD)
        await expect.poll(all(2), PATIENCE).toBe(true)
        return cutAt
      },
    })
    const head = crowd.members[0]?.parley.room(room).get()?.head_seq ?? 0
    await expect.poll(() => herd.filter((client) => client.missing(head) > 0).length, PATIENCE).toBe(0)
    expect(herd.reduce((sum, { disorders }) => sum + disorders, 0)).toBe(0)
    for (const client of herd) client.stop()
    await proxy.close()
  })
})

if (await canMountSmallDisk()) describe.each(seeds)('a full disk, seed %i', describeFullDisk)
else console.log('a full disk was not tried: this user may not mount a small one')

function describeFullDisk(seed: number): void {
  const random = createRandom(seed)
  let disk: SmallDisk
  let dataDirectory: string
  let server: TestServer
  let crowd: Crowd
  beforeAll(async () => {
    disk = await mountSmallDisk(256 * MEGABYTE)
    dataDirectory = join(disk.path, 'data')
    server = await startTestServer({ dataDirectory })
    crowd = await gatherCrowd({ server, urls: [server.url], size: 3, random })
  })
  afterAll(async () => {
    await crowd?.stop()
    await server?.stop()
    await disk?.unmount()
  })

  it('sending is answered with an error worth a retry, reading goes on, and so does all when there is space', async () => {
    await runFault({
      fault: 'disk_full',
      seed,
      crowd,
      async inject(talk) {
        await disk.fill()
        await expect.poll(() => refusals(crowd).length, PATIENCE).toBeGreaterThan(3)
        const [owner] = crowd.members
        expect((await owner?.parley.members(talk.room))?.items).toHaveLength(3)
        expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
        await disk.empty()
      },
    })
    expect(new Set(refusals(crowd))).toEqual(new Set(['unavailable']))
  })

  it('a start on it says so in one sentence', async () => {
    await server.stop()
    await disk.fill()
    for (const data of [dataDirectory, join(disk.path, 'another')]) {
      const settings = { PARLEY_DATA: data, PARLEY_PORT: String(await freePort()) }
      const { code, errors } = await runParley(['start'], settings)
      expect(code).toBe(1)
      expect(errors).toMatch(/The disk is full: free some space, or choose another/)
      expect(errors).not.toMatch(/^ {4}at /m)
    }
  })
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}

/** Codes that sends of this crowd were refused with. */
function refusals({ members }: Crowd): string[] {
  return members.flatMap(({ ledger }) => ledger.errors)
}

async function countConnections(server: TestServer): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^parley_connections (\d+)$/m.exec(metrics)?.[1])
}
