import { createRabbitMqWorkQueue } from '@parley/adapters/rabbitmq/create-rabbitmq-work-queue'
import { silentLog } from '@parley/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RabbitMqServer, startRabbitMq } from '../support/rabbitmq-server.ts'
import { freePort } from '../support/test-server.ts'
import { runParley } from './run-parley.ts'

let server: RabbitMqServer
beforeAll(async () => {
  server = await startRabbitMq()
})
afterAll(() => server?.stop())

/** As in the environment of a deployment; only RabbitMQ is asked for anything. */
const of = (url: string) => ({ PARLEY_RABBITMQ_URL: url, PARLEY_REDIS_URL: 'redis://127.0.0.1:6379' })
const queue = (...args: string[]) => runParley(['queue', ...args], of(server.url))

test('dead items are counted, shown and put back, and are then done', async () => {
  expect((await queue('list')).output).toMatch(
    /^QUEUE +READY +RETRYING +DEAD +CONSUMERS\nrooms\.index +0 +0 +0 +0\nnotifications\.entries +0 +0 +0 +0\nmail\.send +0 +0 +0 +0\nnotifications\.push +0 +0 +0 +0\n$/,
  )
  expect((await queue('show')).output).toBe('Nothing is dead.\n')
  await putAside('item-1', `{"heads":{"room":1}}\u001b[31m${'x'.repeat(500)}`)

  expect((await queue('list')).output).toMatch(/rooms\.index +0 +0 +1 +0/)
  const shown = await queue('show', '--limit', '5')
  expect(shown).toMatchObject({ code: 0, errors: '' })
  expect(shown.output).toContain('rooms.index  item-1  attempts: 1\n  Error: no disk\n')
  expect(shown.output).toContain('{"heads":{"room":1}} [31mx')
  expect(shown.output).toMatch(/x… \(\d+ characters\)\n$/)
  expect(shown.output).not.toContain('\u001b')

  expect((await queue('replay', '--queue', 'rooms.index')).output).toBe('1 item is back on its queue.\n')
  expect((await queue('list')).output).toMatch(/rooms\.index +1 +0 +0 +0/)
  expect((await queue('replay')).output).toBe('0 items are back on their queues.\n')
})

test('wrong options are refused by name', async () => {
  expect(await queue('show', '--limit', '0')).toMatchObject({ code: 1, output: '' })
  expect((await queue('show', '--limit', '1001')).errors).toContain(
    '--limit must be a whole number from 1 to 1000',
  )
  expect((await queue('replay', '--queue', 'nope')).errors).toBe(
    'There is no queue nope; there are: rooms.index, notifications.entries, mail.send, notifications.push.\n',
  )
})

test('without a RabbitMQ, and with one that is away, it says so', async () => {
  const none = await runParley(['queue', 'list'], {})
  expect(none.code).toBe(1)
  expect(none.errors).toContain(
    'PARLEY_RABBITMQ_URL is not set: the embedded topology works its outbox off by itself',
  )
  const url = `amqp://somebody:secret@127.0.0.1:${await freePort()}`
  const away = await runParley(['queue', 'list'], of(url))
  expect(away.code).toBe(1)
  expect(away.errors).toMatch(/^RabbitMQ does not answer at amqp:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*\)/)
  expect(away.errors).not.toContain('secret')
})

/** Put aside at its first failure. */
async function putAside(id: string, body: string): Promise<void> {
  const work = createRabbitMqWorkQueue({ url: server.url, log: silentLog, retryDelaysMs: [] })
  await work.publish('room.entries', [{ id, body }])
  const failed = Promise.withResolvers<void>()
  await work.consume('rooms.index', 1, async () => {
    failed.resolve()
    throw new Error('no disk')
  })
  await failed.promise
  await work.close()
}
