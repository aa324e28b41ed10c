/** Everything at once: whatever the network does and in whatever order, in the end all screens show what the server has. */
import type { Message, Room } from '@parley/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Parley, Timeline } from '../api.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import type { FakeServer } from '../testing/fake-server.ts'
import { Harness, messagesOf, until } from '../testing/harness.ts'

const NAMES = ['ann', 'bob', 'eve']
const ROOMS = ['r1', 'r2']

const step = fc.record({
  kind: fc.constantFrom(
    ...([
      'send',
      'send',
      'attach',
      'say',
      'edit',
      'delete',
      'react',
      'rename',
      'read',
      'pause',
      'pause',
    ] as const),
    ...([
      'cut',
      'cutOne',
      'goodbye',
      'expire',
      'mute',
      'unmute',
      'hold',
      'release',
      'older',
      'around',
      'epoch',
    ] as const),
  ),
  who: fc.nat(NAMES.length - 1),
  where: fc.nat(ROOMS.length - 1),
  pick: fc.nat(),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

interface World {
  readonly server: FakeServer
  readonly rooms: readonly FakeRoom[]
  readonly clients: readonly Parley[]
  /** By client, then room. */
  readonly timelines: readonly (readonly Timeline[])[]
}

async function createWorld(harness: Harness): Promise<World> {
  const { server } = harness
  for (const name of NAMES) server.addUser(name)
  const rooms = ROOMS.map((id) =>
    server.addRoom(
      id,
      'group',
      NAMES.map((name) => `u_${name}`),
    ),
  )
  const clients: Parley[] = []
  for (const name of NAMES) clients.push(await harness.signIn(name))
  const timelines = clients.map((client) => ROOMS.map((id) => client.timeline(id)))
  for (const timeline of timelines.flat()) await until(timeline, ({ status }) => status === 'ready')
  return { server, rooms, clients, timelines }
}

function act(world: World, { kind, who, where, pick }: Step, index: number): unknown {
  const { server, rooms, clients, timelines } = world
  const [client, room, timeline] = [clients[who], rooms[where], timelines[who]?.[where]]
  if (client === undefined || room === undefined || timeline === undefined)
    throw new Error('nobody or nowhere')
  const user = `u_${NAMES[who]}`
  const messages = room.messages(user).filter(({ deleted }) => !deleted)
  const target = messages[pick % Math.max(1, messages.length)]?.seq
  switch (kind) {
    case 'send':
      return client.send(room.id, { body: `${NAMES[who]} ${index}` })
    case 'attach': {
      const files = [{ source: new File(['x'], `file ${index}`) }]
      return client.send(room.id, { body: `${NAMES[who]} ${index}`, files })
    }
    case 'say':
      return server.say(room, user, `elsewhere ${index}`)
    case 'rename':
      return server.append(room, { kind: 'rename', from: user, name: `name ${index}` })
    case 'read':
      return client.markRead(room.id, pick % (room.head + 1))
    case 'edit':
      return target === undefined
        ? null
        : server.append(room, { kind: 'edit', from: user, target, body: `edit ${index}` })
    case 'delete':
      return target === undefined ? null : server.append(room, { kind: 'delete', from: user, target })
    case 'react':
      if (target === undefined || room.reacted(target, '👍', user) !== undefined) return null
      return server.append(room, { kind: 'react', from: user, target, emoji: '👍' })
    case 'older':
      return timeline.loadOlder()
    case 'around':
      return timeline.openAround(pick % (room.head + 1))
    default:
      return disturb(server, kind, user)
  }
}

function disturb(server: FakeServer, kind: Step['kind'], user: string): unknown {
  const connections = [...server.connections]
  switch (kind) {
    case 'cut':
      for (const connection of connections) connection.cut()
      return null
    case 'cutOne':
      for (const connection of connections) if (connection.user === user) connection.cut()
      return null
    case 'goodbye':
      return server.push(user, { t: 'goodbye', within_ms: 0 })
    case 'expire':
      server.expireTokens()
      for (const connection of connections) connection.close(4004, 'token_expired')
      return null
    case 'mute':
      server.announce = false
      return null
    case 'unmute':
      server.announce = true
      return null
    case 'hold':
      server.holdAnswersTo = 'send'
      return null
    case 'release':
      return server.release()
    case 'epoch':
      server.epoch = `e${server.accepted}`
      return null
    default:
      return new Promise((resolve) => setTimeout(resolve, 3))
  }
}

const bare = ({
  room,
  seq,
  from,
  body,
  deleted,
  edited_at,
  reactions,
}: Omit<Message, 'seq'> & { seq: number | null }) => ({
  room,
  seq,
  from,
  body,
  deleted,
  edited_at,
  reactions,
})

async function settle({ server, rooms, clients, timelines }: World): Promise<void> {
  server.announce = true
  server.release()
  // The relay's word: every room has a newest entry that is announced.
  await Promise.all(clients.map((client) => until(client.connection, ({ status }) => status === 'online')))
  for (const timeline of timelines.flat()) {
    await until(timeline, ({ items }) => messagesOf(items).every(({ state }) => state !== 'sending'))
  }
  for (const room of rooms) server.say(room, 'u_nobody', 'the end')
  // The windows stay as they are: what is wrong in them must not be hidden by a fresh page.
  for (const timeline of timelines.flat()) {
    await until(timeline, ({ status }) => status === 'ready')
    while (timeline.get().hasNewer) await timeline.loadNewer()
  }
  for (const timeline of timelines.flat()) {
    await until(timeline, ({ items }) => messagesOf(items).at(-1)?.body === 'the end')
  }
}

/** Each was uploaded once and came with its message. */
function expectFiles({ server, rooms }: World, attached: readonly string[]): void {
  expect([...server.files.arrived].sort()).toEqual([...attached].sort())
  const carried = rooms.flatMap(({ log }) =>
    log.flatMap(({ files = [] }) => files.map(({ name }) => `${name}:x`)),
  )
  expect(carried.sort()).toEqual([...attached].sort())
}

test('whatever happens on the way, every screen ends with what the server has, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const harness = await Harness.start()
      try {
        const world = await createWorld(harness)
        const sent: string[] = []
        const attached: string[] = []
        for (const [index, one] of steps.entries()) {
          if (one.kind === 'send' || one.kind === 'attach') sent.push(`${NAMES[one.who]} ${index}`)
          if (one.kind === 'attach') attached.push(`file ${index}:x`)
          await Promise.race([act(world, one, index), new Promise((resolve) => setImmediate(resolve))])
        }
        await settle(world)
        for (const [who, client] of world.clients.entries()) {
          const user = `u_${NAMES[who]}`
          for (const [where, room] of world.rooms.entries()) {
            const items = messagesOf(world.timelines[who]?.[where]?.get().items ?? [])
            const truth = room.messages(user).slice(-items.length)
            expect(items.map(bare)).toEqual(truth.map(bare))
            await until(client.room(room.id), (now) => now?.me?.unread === room.unread(user))
            const { name, head_seq, last_message } = client.room(room.id).get() as Room
            expect([name, head_seq, last_message?.body]).toEqual([room.name, room.head, 'the end'])
          }
        }
        const bodies = world.rooms.flatMap((room) =>
          room.log.map(({ body, client_id, kind }) => (kind === 'message' ? (client_id ?? body) : null)),
        )
        const ids = bodies.filter((id) => id !== null)
        expect(new Set(ids).size).toBe(ids.length)
        const stored = world.rooms.reduce(
          (count, { log }) =>
            count +
            log.filter(({ kind, client_id }) => kind === 'message' && !client_id?.startsWith('other-'))
              .length,
          0,
        )
        expect(stored).toBe(sent.length)
        expectFiles(world, attached)
      } finally {
        await harness.end()
      }
    }),
    { numRuns: 25, endOnFailure: true },
  )
}, 120_000)
