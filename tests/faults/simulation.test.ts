/**
 * The core of the protocol – room log, resume, outbox, watermarks – in virtual time, over a network that delays,
 * reorders, repeats and loses. After every single step no screen shows what is not so; in the end every screen shows
 * everything.
 */
import type { Message } from '@parley/protocol'
import { createParley, type Parley, type TimelineMessage } from '@parley/sdk'
import type { FakeRoom } from '@parley/sdk/testing/fake-room'
import { FakeServer } from '@parley/sdk/testing/fake-server'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { descents } from '../support/audit.ts'
import { createRandom, type Random, seeds } from './seeds.ts'
import { FAIR, VirtualNetwork, type Weather } from './virtual-network.ts'
import { VirtualTime } from './virtual-time.ts'

const NAMES = ['ann', 'bob', 'eve']
const RUNS_PER_SEED = 25
const HOUR_MS = 3_600_000

const deeds = ['send', 'send', 'send', 'send', 'edit', 'delete', 'react', 'read', 'rename'] as const
const events = [
  'cut',
  'cutAll',
  'dead',
  'goodbye',
  'outage',
  'weather',
  'pause',
  'pause',
  'pause',
  'long',
] as const
const step = fc.record({
  kind: fc.constantFrom(...deeds, ...events),
  who: fc.nat(NAMES.length - 1),
  pick: fc.nat(1_000),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

interface World {
  readonly time: VirtualTime
  readonly random: Random
  readonly server: FakeServer
  readonly network: VirtualNetwork
  readonly room: FakeRoom
  readonly clients: readonly Parley[]
  readonly sent: string[][]
}

it.each(seeds)('whatever the network does, screens never lie and end complete, seed %i', async (seed) => {
  let steps = 0
  let sent = 0
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(step, { minLength: 30, maxLength: 120 }),
      async (chance, plan) => {
        const world = await createWorld(createRandom(chance))
        try {
          for (const one of plan) {
            act(world, one)
            await world.time.pass(spanOf(one), () => lookAtScreens(world))
          }
          await heal(world)
          compare(world)
        } finally {
          steps += world.time.steps
          sent += world.sent.flat().length
          for (const client of world.clients) await client.stop()
          await world.server.stop()
        }
      },
    ),
    { seed, numRuns: RUNS_PER_SEED, endOnFailure: true },
  )
  console.log(JSON.stringify({ fault: 'simulation', seed, runs: RUNS_PER_SEED, steps, sent }))
  expect(steps).toBeGreaterThan(5_000)
})

async function createWorld(random: Random): Promise<World> {
  const time = new VirtualTime()
  const server = await FakeServer.start()
  const network = new VirtualNetwork(server, time, random)
  for (const name of NAMES) server.addUser(name)
  const members = NAMES.map((name) => `u_${name}`)
  const room = server.addRoom('r1', 'group', members)
  let ids = 0
  const clients = NAMES.map((name) => {
    const newId = () => `${name}-${String(++ids).padStart(8, '0')}`
    return createParley({ baseUrl: 'http://model', clock: time, random, newId, ...network.options() })
  })
  const world = { time, random, server, network, room, clients, sent: NAMES.map(() => []) }
  for (const [who, client] of clients.entries()) void client.login({ login: NAMES[who] ?? '', password: 'x' })
  await time.pass(2_000)
  for (const client of clients) client.timeline(room.id).get()
  await time.pass(2_000)
  expect(clients.map((client) => client.timeline(room.id).get().status)).toEqual(NAMES.map(() => 'ready'))
  return world
}

/** How long this and what follows from it is given, virtual milliseconds. */
function spanOf({ kind, pick }: Step): number {
  if (kind === 'pause') return pick * 3
  return kind === 'long' ? pick * 100 : pick % 40
}

function act(world: World, { kind, who, pick }: Step): void {
  const { server, room, clients, sent } = world
  const [client, user, own] = [clients[who], `u_${NAMES[who]}`, sent[who]]
  if (client === undefined || own === undefined) throw new Error(`nobody is number ${who}`)
  const alive = room.messages(user).filter(({ deleted }) => !deleted)
  const target = alive[pick % Math.max(1, alive.length)]?.seq
  if (kind === 'send') {
    const body = `${NAMES[who]} ${own.length}`
    own.push(body)
    client.send(room.id, { body })
  } else if (kind === 'read') client.markRead(room.id, pick % (room.head + 1))
  else if (kind === 'rename') server.append(room, { kind: 'rename', from: user, name: `name ${pick}` })
  else if (kind === 'edit' || kind === 'delete' || kind === 'react') {
    if (target === undefined) return
    const emoji = pick % 2 === 0 ? '👍' : '🎉'
    if (kind === 'edit') server.append(room, { kind, from: user, target, body: `edited ${pick}` })
    else if (kind === 'delete') server.append(room, { kind, from: user, target })
    else if (room.reacted(target, emoji, user) === undefined)
      server.append(room, { kind, from: user, target, emoji })
  } else disturb(world, kind, user, pick)
}

function disturb({ server, network, time, random }: World, kind: string, user: string, pick: number): void {
  const own = network.lines.filter(({ connection }) => connection?.user === user)
  if (kind === 'cut') for (const line of own) line.cut()
  else if (kind === 'cutAll') for (const line of network.lines) line.cut()
  else if (kind === 'dead') for (const line of own) line.dead = true
  else if (kind === 'goodbye') server.push(user, { t: 'goodbye', within_ms: pick })
  else if (kind === 'weather') network.weather = weatherOf(random)
  else if (kind === 'outage') {
    network.refusing = true
    for (const line of network.lines) line.cut()
    time.after(pick * 20, () => {
      network.refusing = false
    })
  }
}

function weatherOf(random: Random): Weather {
  return {
    latencyMaxMs: random() * 800,
    requestLost: random() * 0.2,
    repeated: random() * 0.3,
    announcementLost: random() * 0.5,
    restLost: random() * 0.2,
  }
}

const messagesOf = (client: Parley, room: FakeRoom): TimelineMessage[] =>
  client
    .timeline(room.id)
    .get()
    .items.flatMap((item) => (item.type === 'message' ? [item] : []))

/** What holds at every moment: order, each thing once, and nothing called stored that is not. */
function lookAtScreens({ clients, room }: World): void {
  for (const client of clients) {
    const shown = messagesOf(client, room)
    const stored = shown.flatMap(({ seq }) => seq ?? [])
    expect(descents(stored)).toBe(0)
    expect(new Set(shown.map(({ key }) => key)).size).toBe(shown.length)
    for (const { seq, from, client_id } of shown)
      if (seq !== null) expect(room.log[seq - 1]).toMatchObject({ kind: 'message', from, client_id })
  }
}

/** A fair network, and time for everybody to notice that lines are dead. */
async function heal(world: World): Promise<void> {
  world.network.weather = FAIR
  world.network.refusing = false
  await world.time.pass(3 * 60_000, () => lookAtScreens(world))
  expect(world.clients.map((client) => client.connection.get().status)).toEqual(NAMES.map(() => 'online'))
  // Later heartbeats must not have moved a cursor past what never came.
  for (const line of world.network.lines) line.cut()
  await world.time.pass(HOUR_MS / 60, () => lookAtScreens(world))
}

function compare({ clients, room, sent }: World): void {
  const ids = room.log.flatMap(({ client_id, from }) =>
    client_id === undefined ? [] : [`${from} ${client_id}`],
  )
  expect(new Set(ids).size).toBe(ids.length)
  const count = room.log.filter(({ kind }) => kind === 'message').length
  expect(count).toBe(sent.flat().length)
  for (const [who, client] of clients.entries()) {
    const user = `u_${NAMES[who]}`
    const own = room.log.filter(({ kind, from }) => kind === 'message' && from === user)
    // In the order in which they were written.
    expect(own.map(({ client_id }) => client_id)).toEqual(own.map(({ client_id }) => client_id).toSorted())
    const shown = messagesOf(client, room)
    const truth = room.messages(user).slice(-shown.length)
    expect(shown.map(bare)).toEqual(truth.map(bare))
    const { hasOlder } = client.timeline(room.id).get()
    if (!hasOlder) expect(shown.length).toBe(count)
    const facts = client.room(room.id).get()
    expect([facts?.name, facts?.head_seq, facts?.me?.unread]).toEqual([
      room.name,
      room.head,
      room.unread(user),
    ])
  }
}

const bare = ({
  seq,
  from,
  body,
  deleted,
  edited_at,
  reactions,
}: Omit<Message, 'seq'> & { seq: number | null }) => ({
  seq,
  from,
  body,
  deleted,
  edited_at,
  reactions,
})
