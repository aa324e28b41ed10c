/** Two processes of the rooms service and a RabbitMQ that is killed, over one database. */
import { createRabbitMqWorkQueue } from '@parley/adapters/rabbitmq/create-rabbitmq-work-queue'
import { silentLog } from '@parley/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RabbitMqServer, startRabbitMq } from '../support/rabbitmq-server.ts'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

let broker: RabbitMqServer
let kit: RoomsKit
beforeAll(async () => {
  ;[broker, kit] = await Promise.all([startRabbitMq(), createRoomsKit()])
})
afterAll(async () => {
  await kit?.close()
  await broker?.stop()
})

const count = async (query: string, ...values: unknown[]) => {
  const { rows } = await kit.database.query<{ n: number }>(query, values)
  return rows[0]?.n ?? 0
}

it('work of messages sent before, while and after RabbitMQ is away is done once, and search finds them all the time', async () => {
  const queues = [0, 1].map(() => createRabbitMqWorkQueue({ url: broker.url, log: silentLog }))
  const services = queues.map((queue) => kit.another({ queue }))
  for (const service of services) await service.start()
  const ann = await kit.person()
  const rooms = [await kit.publicRoom(ann), await kit.publicRoom(ann)]
  let sent = 0
  const send = async (times: number) => {
    for (let n = 0; n < times; n++) {
      const [room = '', service] = [rooms[n % 2], services[(n >> 1) % 2]]
      await service?.sendMessage({ user: ann, room, body: `needle ${sent}`, client_id: `c${sent}` })
      sent++
    }
  }
  const searched = async () =>
    (await kit.rooms.searchMessages({ user: ann, query: 'needle', limit: 100 })).messages.length
  const indexedCount = () => count('select count(*) as n from rooms.search where room_id = any($1)', rooms)
  const waiting = () => count('select count(*) as n from rooms.outbox')
  const unannounced = () => count('select count(*) as n from rooms.outbox where not announced')

  await send(20)
  await expect.poll(indexedCount, { timeout: 20_000 }).toBe(sent)
  await broker.kill()
  await send(30)
  await expect.poll(unannounced, { timeout: 5_000 }).toBe(0)
  expect(await waiting()).toBeGreaterThan(0)
  expect(await indexedCount()).toBe(20)
  expect(await searched()).toBe(sent)

  await broker.restart()
  await send(10)
  await expect.poll(indexedCount, { timeout: 30_000 }).toBe(sent)
  await expect.poll(waiting, { timeout: 20_000 }).toBe(0)
  expect(await searched()).toBe(sent)
  const behind = await count(
    'select count(*) as n from rooms.room where id = any($1) and indexed_seq < head_seq',
    rooms,
  )
  expect(behind).toBe(0)
  for (const one of [...services, ...queues]) await one.close()
})
