/** Push services that do not answer, beside one that does: they cost nobody but those who chose them. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { createPushTransport } from '@parley/adapters/push/create-push-transport'
import { silentLog, systemClock } from '@parley/contracts'
import { createPushes } from '@parley/services/notifications/push/create-pushes'
import {
  ALONE_TO_MS,
  GIVEN_UP_AFTER_MS,
  STRANGER_PLACES,
} from '@parley/services/notifications/push/push-places'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createNotificationsKit, type NotificationsKit } from '../support/notifications-kit.ts'
import { type PushDevice, type PushEndpoint, startPushEndpoint } from '../support/push-endpoint.ts'

/** Takes requests and says nothing; `hangUp` ends those it has and all that come later. */
interface SilentService {
  readonly origin: string
  readonly requests: () => number
  hangUp(): void
  close(): Promise<void>
}

async function startSilentService(): Promise<SilentService> {
  let requests = 0
  let isDown = false
  const sockets = new Set<Socket>()
  const server = createServer((request) => {
    requests++
    if (isDown) request.socket.destroy()
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hangUp = () => {
    isDown = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    hangUp,
    async close() {
      hangUp()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

let kit: NotificationsKit
let good: PushEndpoint
let dead: SilentService
let broken: SilentService

beforeAll(async () => {
  good = await startPushEndpoint()
  dead = await startSilentService()
  broken = await startSilentService()
  broken.hangUp()
  kit = await createNotificationsKit([good.origin, broken.origin])
})
afterAll(async () => {
  await kit.close()
  await Promise.all([good.close(), dead.close(), broken.close()])
})

let count = 0
async function addDevice(user: string, origin?: string): Promise<{ device: PushDevice; id: string }> {
  const device = await good.subscribe()
  const id = `device-${count++}`
  kit.devices.add(id)
  const endpoint = origin === undefined ? device.subscription.endpoint : `${origin}/${id}`
  const subscription = { ...device.subscription, endpoint, language: 'en' }
  await kit.notifications.subscribePush({ user, device: id, subscription })
  return { device, id }
}

async function addPerson(): Promise<{ id: string; name: string }> {
  const name = `person-${count++}-${Math.random().toString(36).slice(2, 10)}x`
  return { id: await kit.person(name), name }
}

/** As it runs in one process, with the time that a push service really has. */
async function runPushes(): Promise<void> {
  const transport = createPushTransport({ privateOrigins: [good.origin, dead.origin] })
  const queue = createInProcessWorkQueue(silentLog)
  const dependencies = {
    ...kit.dependencies,
    queue,
    clock: systemClock,
    push: { ...kit.dependencies.push, transport },
  }
  const pushes = createPushes(dependencies)
  await pushes.start()
  onTestFinished(async () => {
    dead.hangUp()
    await pushes.close()
    await queue.close()
    transport.close()
  })
}

/** So many rooms with something for these people. */
async function mention(from: string, people: readonly { id: string; name: string }[], rooms: number) {
  for (let n = 0; n < rooms; n++) {
    const room = await kit.publicRoom(from, ...people.map(({ id }) => id))
    await kit.send(from, room, people.map(({ name }) => `@${name}`).join(' '))
    await kit.work(room)
  }
}
const pushRows = async (device: string) =>
  (
    await kit.database.query<{ attempts: number; due_at: number }>(
      'select attempts, due_at from notifications.push where device_id = $1',
      [device],
    )
  ).rows

it('forty devices at a service that never answers do not hold up the push of somebody else', async () => {
  const ann = await kit.person()
  const slow = [await addPerson(), await addPerson()]
  // As the test's kit knows nothing of this service, it is put where it is.
  for (const { id: user } of slow)
    for (let n = 0; n < 20; n++) {
      const { id } = await addDevice(user)
      await kit.database.query(
        'update notifications.push_subscription set endpoint = $2 where device_id = $1',
        [id, `${dead.origin}/${id}`],
      )
    }
  const ben = await addPerson()
  const { device } = await addDevice(ben.id)
  await runPushes()
  await mention(ann, slow, 6)
  await expect.poll(dead.requests, { timeout: 10_000 }).toBeGreaterThanOrEqual(STRANGER_PLACES)
  const times: number[] = []
  for (let n = 1; n <= 3; n++) {
    const begun = performance.now()
    await mention(ann, [ben], 1)
    await device.received(n, 8_000)
    times.push(Math.round(performance.now() - begun))
  }
  // About half a second; far from the ten that a single silent request takes.
  expect(Math.max(...times), String(times)).toBeLessThan(5_000)
  expect(dead.requests()).toBeLessThanOrEqual(2 * STRANGER_PLACES)
  // Who found no place has lost nothing by it.
  const { rows } = await kit.database.query<{ waiting: number; tried: number }>(
    `select count(*)::int as waiting, count(*) filter (where p.attempts > 0)::int as tried
     from notifications.push p join notifications.push_subscription s using (device_id)
     where s.endpoint like $1`,
    [`${dead.origin}/%`],
  )
  expect(rows[0]?.waiting).toBe(240)
  expect(rows[0]?.tried).toBeLessThanOrEqual(dead.requests())
  await kit.database.query(`delete from notifications.push_subscription where endpoint like $1`, [
    `${dead.origin}/%`,
  ])
})

it('a service that hangs up is asked less and less, and after a day its subscription ends', async () => {
  const ann = await kit.person()
  const [ben, eve] = [await addPerson(), await addPerson()]
  const { id: dying } = await addDevice(ben.id, broken.origin)
  await addDevice(eve.id)
  await mention(ann, [ben], 1)
  const isSubscribed = async () =>
    (await kit.notifications.getPush({ user: ben.id, device: dying })).subscribed
  let ms = 0
  let asked = 0
  while (ms < GIVEN_UP_AFTER_MS - ALONE_TO_MS) {
    await kit.push(ms)
    asked++
    ms += 20 * 60_000
    if (asked % 2 === 0) {
      await mention(ann, [eve], 1)
    }
  }
  expect(await isSubscribed()).toBe(true)
  expect(await pushRows(dying)).toHaveLength(1)
  expect(broken.requests()).toBe(asked)
  await mention(ann, [eve], 1)
  await kit.push(GIVEN_UP_AFTER_MS + 60_000)
  await kit.push(GIVEN_UP_AFTER_MS + 20 * 60_000)
  expect(await isSubscribed()).toBe(false)
})
