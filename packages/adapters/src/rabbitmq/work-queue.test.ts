import { type Log, silentLog, type WorkItem, type WorkQueue } from '@parley/contracts'
import { describeWorkQueue } from '@parley/contracts/testing/work-queue-suite'
import { Connection } from 'rabbitmq-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RabbitMqServer, startRabbitMq } from '../../../../tests/support/rabbitmq-server.ts'
import { createRabbitMqWorkQueue } from './create-rabbitmq-work-queue.ts'
import { type DeadLetters, openDeadLetters } from './open-dead-letters.ts'

let server: RabbitMqServer
beforeAll(async () => {
  server = await startRabbitMq()
})
afterAll(() => server?.stop())

const RETRY_DELAYS_MS = [40, 80]
let made = 0
/** Names of its own for each test, so that none meets what another left behind. */
const newPrefix = () => `parley.test${++made}.`

describeWorkQueue('RabbitMQ', { attemptsMax: RETRY_DELAYS_MS.length + 1, keeps: true }, async () => {
  const queue = createRabbitMqWorkQueue({
    url: server.url,
    log: silentLog,
    prefix: newPrefix(),
    retryDelaysMs: RETRY_DELAYS_MS,
  })
  return { queue, close: () => queue.close() }
})

describe('work over RabbitMQ', () => {
  const opened: { close(): Promise<void> }[] = []
  afterEach(async () => {
    server.resume()
    for (const one of opened.splice(0).reverse()) await one.close()
  })

  const open = (
    prefix: string,
    log: Log = silentLog,
    onDead: (queue: string) => void = () => {},
  ): WorkQueue => {
    const retryDelaysMs = RETRY_DELAYS_MS
    const queue = createRabbitMqWorkQueue({ url: server.url, log, prefix, retryDelaysMs, onDead })
    opened.push(queue)
    return queue
  }
  const openDead = async (prefix: string): Promise<DeadLetters> => {
    const letters = await openDeadLetters({ url: server.url, prefix, retryDelaysMs: RETRY_DELAYS_MS })
    opened.push(letters)
    return letters
  }
  const item = (id: string): WorkItem => ({ id, body: `{"of":"${id}"}` })
  const once = async (queue: WorkQueue, id: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await queue.consume('rooms.index', 5, async (one) => {
      if (one.id === id) resolve()
    })
    await promise
  }
  const publishUntilTaken = async (queue: WorkQueue, one: WorkItem) => {
    while (
      !(await queue.publish('room.entries', [one]).then(
        () => true,
        () => false,
      ))
    )
      await tenthOfSecond()
  }
  const tenthOfSecond = () => new Promise((resolve) => setTimeout(resolve, 100))
  /** Milliseconds until the refusal, which must be `unavailable`. */
  const refusalMs = async (queue: WorkQueue): Promise<number> => {
    const from = performance.now()
    await expect(queue.publish('room.entries', [item('refused')])).rejects.toMatchObject({
      code: 'unavailable',
    })
    return performance.now() - from
  }

  it('keeps what it confirmed when the broker is killed', async () => {
    const prefix = newPrefix()
    await open(prefix).publish('room.entries', [item('kept')])
    await server.kill()
    await server.restart()
    await once(open(prefix), 'kept')
  })

  it('starts while the broker is away: publishing is refused within two seconds, the consumer comes by itself', async () => {
    const prefix = newPrefix()
    await server.kill()
    const queue = open(prefix)
    expect(await refusalMs(queue)).toBeLessThan(2_000)
    const handled = once(queue, 'later')
    expect(await refusalMs(queue)).toBeLessThan(100)
    await server.restart()
    await publishUntilTaken(queue, item('later'))
    await handled
  })

  it('says once that the broker is away and once that it is back, and goes on', async () => {
    const said: string[] = []
    const note = (_fields: object, message: string) => void said.push(message)
    const queue = open(newPrefix(), { ...silentLog, warn: note, info: note })
    await queue.publish('room.entries', [item('before')])
    await server.kill()
    for (let n = 0; n < 3; n++) expect(await refusalMs(queue)).toBeLessThan(2_000)
    await server.restart()
    await publishUntilTaken(queue, item('after'))
    expect(said).toEqual(['RabbitMQ is away; work waits', 'RabbitMQ is back'])
  })

  it('says once why the broker refuses, for those who hand over and for those who handle, and goes on', async () => {
    const prefix = newPrefix()
    const name = `${prefix}rooms.index`
    const other = new Connection(server.url)
    await other.queueDeclare({ queue: name, durable: true })
    const said: object[] = []
    const note = (fields: object, message: string) => void said.push({ ...fields, message })
    const queue = open(prefix, { ...silentLog, warn: note, info: note })
    for (let n = 0; n < 3; n++) expect(await refusalMs(queue)).toBeLessThan(2_000)
    const handled = once(queue, 'after')
    while (said.length < 2) await tenthOfSecond()
    const reason = expect.stringMatching(/PRECONDITION_FAILED - .* for queue 'parley\./)
    const help = expect.stringContaining('delete it once it is empty')
    const code = 'PRECONDITION_FAILED'
    expect(said).toEqual([
      { reason, code, help, message: 'RabbitMQ refuses: work is not taken over; trying again' },
      {
        reason,
        code,
        help,
        message: 'RabbitMQ refuses: work of rooms.index is not handled here; trying again',
      },
    ])
    await other.queueDelete({ queue: name })
    await other.close()
    await publishUntilTaken(queue, item('after'))
    await handled
    expect(
      said
        .slice(2)
        .map((one) => (one as { message: string }).message)
        .sort(),
    ).toEqual([
      'RabbitMQ does not refuse any more: work is not taken over',
      'RabbitMQ does not refuse any more: work of rooms.index is not handled here',
    ])
  })

  it('never waits long for a frozen broker, and goes on when it thaws', async () => {
    const queue = open(newPrefix())
    const handled = once(queue, 'thawed')
    await queue.publish('room.entries', [item('before')])
    server.pause()
    // Two seconds by the clock of the sender; a busy machine may look at it late.
    expect(await refusalMs(queue)).toBeLessThan(3_000)
    expect(await refusalMs(queue)).toBeLessThan(3_000)
    server.resume()
    await publishUntilTaken(queue, item('thawed'))
    await handled
  })

  it('puts what is no item of ours aside and never loops', async () => {
    const prefix = newPrefix()
    const queue = open(prefix)
    await queue.publish('room.entries', [item('first')])
    const stranger = new Connection(server.url)
    const publisher = stranger.createPublisher({ confirm: true })
    opened.push({ close: () => stranger.close() }, publisher)
    await publisher.send(`${prefix}rooms.index`, Buffer.from([0xff, 0x00]))
    await once(queue, 'first')
    const letters = await openDead(prefix)
    for (;;) {
      const [figures] = await letters.list()
      if (figures?.dead === 1) break
      await tenthOfSecond()
    }
    expect(await letters.show(10)).toMatchObject([{ queue: 'rooms.index', attempts: 0, id: '' }])
  })

  it('shows dead items without removing them, and puts them back on their queue', async () => {
    const prefix = newPrefix()
    const counted: string[] = []
    const queue = open(prefix, silentLog, (name) => counted.push(name))
    let failures = 0
    let mended = false
    const dead = Promise.withResolvers<void>()
    const replayed = Promise.withResolvers<void>()
    await queue.consume('rooms.index', 5, async () => {
      if (mended) return replayed.resolve()
      if (++failures > RETRY_DELAYS_MS.length) dead.resolve()
      throw new Error('the index is broken')
    })
    await queue.publish('room.entries', [item('one')])
    await dead.promise
    const letters = await openDead(prefix)
    while ((await letters.list())[0]?.dead !== 1) await tenthOfSecond()
    expect(counted, 'told once, for the metrics').toEqual(['rooms.index'])
    const shown = {
      queue: 'rooms.index',
      id: 'one',
      attempts: 3,
      error: 'Error: the index is broken',
      body: item('one').body,
    }
    expect(await letters.show(10)).toEqual([shown])
    expect(await letters.show(10)).toEqual([shown])
    expect(await letters.show(0)).toEqual([])
    mended = true
    expect(await letters.replay()).toBe(1)
    await replayed.promise
    expect((await letters.list())[0]).toMatchObject({ queue: 'rooms.index', dead: 0 })
    expect(await letters.replay('rooms.index')).toBe(0)
  })
})
