/**
 * A back-up, and what happened after it; then the back-up is restored, and the same clients, with everything they
 * remember, find another past. What they show must be what is stored, from the first look.
 */
import type { ReadyFrame } from '@parley/protocol'
import { createParley, type Parley } from '@parley/sdk'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { createPeople, type Person, storedBodies, until } from '../scenarios/topology.ts'
import { auditScreen } from './audit.ts'
import { startTcpProxy } from './tcp-proxy.ts'

const ASIDE_MESSAGES = 150

export interface Running {
  readonly port: number
  stop(): Promise<unknown>
}

export interface RestoreStory {
  start(): Promise<Running>
  /** While the first one runs. */
  backUp(): Promise<void>
  /** After the first one was stopped: a deployment with what was backed up. */
  restore(): Promise<Running>
}

/** Resolves when all is proved; what was started is stopped. */
export async function tellRestoreStory(story: RestoreStory): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const first = await story.start()
  stack.defer(async () => void (await first.stop()))
  // The address that clients know stays, and what stands behind it changes.
  const target = { port: first.port }
  const door = await startTcpProxy(target)
  stack.defer(() => door.close())
  const people = createPeople({ urls: [door.url] })
  stack.defer(() => people.stop())
  const [ann, bob, dave] = [await people.join('ann'), await people.join('bob'), await people.join('dave')]
  const members = [ann, bob]
  const usernames = [bob.username, dave.username]
  const shorter = (await ann.parley.createRoom({ kind: 'group', name: 'Shorter', usernames })).id
  const longer = (await ann.parley.createRoom({ kind: 'group', name: 'Longer', usernames })).id
  for (const room of [shorter, longer]) {
    for (const { parley } of members) await openWindow(parley, room)
    await say(members, room, 'kept', 5)
  }
  await story.backUp()

  for (const room of [shorter, longer]) await say(members, room, 'lost', 4)
  const lostRoom = (await bob.parley.createRoom({ kind: 'group', name: 'Lost', usernames: [ann.username] }))
    .id
  for (const { parley } of members) await openWindow(parley, lostRoom)
  // What they resume with is younger than the back-up.
  const again = members.map(({ parley }) => untilAgain(parley))
  door.cut()
  await Promise.all(again)
  const token = await signIn(door.url, bob)
  const before = await resume(door.url, token, '')
  expect((await resume(door.url, token, before.cursor)).mode, 'as long as nothing was restored').toBe('delta')
  await dave.parley.stop()
  door.refuse(true)
  door.cut()
  await first.stop()

  const second = await story.restore()
  stack.defer(async () => void (await second.stop()))
  await fillNumbers(`http://127.0.0.1:${second.port}`, dave, [
    [shorter, 2],
    [longer, 12],
  ])
  ann.parley.send(shorter, { body: 'written meanwhile' })
  target.port = second.port
  door.refuse(false)
  for (const { parley } of members)
    await until(parley.connection, ({ status }) => status === 'online', 30_000)
  await until(ann.parley.timeline(shorter), () =>
    storedBodies(ann.parley, shorter).includes('written meanwhile'),
  )

  const after = await resume(door.url, token, before.cursor)
  expect(after.mode, 'a cursor of the lost past').toBe('snapshot')
  expect((await resume(door.url, token, after.cursor)).mode, 'a cursor of the new one').toBe('delta')
  const expected = {
    [shorter]: { messages: 10 + 2 + 1, dave: 2 },
    [longer]: { messages: 10 + 12, dave: 12 },
  }
  for (const [room, { messages, dave: davids }] of Object.entries(expected)) {
    const stored = await storedBodiesAt(door.url, token, room)
    expect(stored).toHaveLength(messages)
    expect(stored.filter((body) => body.startsWith('lost'))).toEqual([])
    expect(stored.filter((body) => body.startsWith('new'))).toHaveLength(davids)
    for (const { parley } of members) {
      await until(parley.timeline(room), () => equal(storedBodies(parley, room), stored))
    }
  }
  for (const { parley } of members) {
    await until(parley.room(lostRoom), (room) => room === undefined)
    expect(
      parley.rooms
        .get()
        .map((room) => room.id)
        .sort(),
    ).toEqual([shorter, longer].sort())
  }

  for (const room of [shorter, longer]) {
    const sent = await say(members, room, 'later', 5)
    const stored = await storedBodiesAt(door.url, token, room)
    for (const { parley } of members) {
      await until(parley.timeline(room), () => equal(storedBodies(parley, room), stored))
      const seen = storedBodies(parley, room).filter((body) => body.startsWith('later'))
      expect(auditScreen(seen, sent)).toEqual({ lost: 0, duplicated: 0, out_of_order: 0 })
    }
  }
}

const equal = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n')

async function openWindow(parley: Parley, room: string): Promise<void> {
  await until(parley.room(room), (found) => found !== undefined)
  await until(parley.timeline(room), ({ status }) => status === 'ready')
}

/** Each sends so many, and all see them all. Returns what each sent. */
async function say(
  members: readonly Person[],
  room: string,
  what: string,
  each: number,
): Promise<string[][]> {
  const sent = members.map((_, who) => Array.from({ length: each }, (_, n) => `${what} ${who}:${n}`))
  for (const [who, { parley }] of members.entries())
    for (const body of sent[who] ?? []) parley.send(room, { body })
  for (const { parley } of members) {
    await until(parley.timeline(room), () =>
      sent.flat().every((body) => storedBodies(parley, room).includes(body)),
    )
  }
  return sent
}

async function untilAgain(parley: Parley): Promise<void> {
  await until(parley.connection, ({ status }) => status !== 'online')
  await until(parley.connection, ({ status }) => status === 'online')
}

/** Somebody is there before the others are back, and writes where their lost messages stood. */
async function fillNumbers(
  baseUrl: string,
  dave: Person,
  counts: readonly (readonly [room: string, count: number])[],
): Promise<void> {
  const parley = createParley({ baseUrl, tokens: 'bearer' })
  try {
    await parley.login({ login: dave.username, password: dave.password })
    // As many transactions as were lost: their numbers alone tell the pasts apart no longer.
    const aside = (await parley.createRoom({ kind: 'group', name: 'Aside', usernames: [] })).id
    for (const [room, count] of [...counts, [aside, ASIDE_MESSAGES] as const]) {
      await openWindow(parley, room)
      for (let n = 0; n < count; n++) parley.send(room, { body: `new ${n}` })
      const stored = () => storedBodies(parley, room).filter((body) => body.startsWith('new')).length
      await until(parley.timeline(room), () => stored() === count)
    }
  } finally {
    await parley.stop()
  }
}

async function signIn(url: string, { username, password }: Person): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: username, password }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

async function storedBodiesAt(url: string, token: string, room: string): Promise<string[]> {
  const response = await fetch(`${url}/api/v1/rooms/${room}/messages?limit=100`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { messages } = (await response.json()) as { messages: { body: string }[] }
  return messages.map(({ body }) => body)
}

/** What a connection begins with; it is closed again. */
function resume(url: string, token: string, cursor: string): Promise<ReadyFrame> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyFrame>()
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?resume=${cursor}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  socket.on('error', reject)
  socket.on('close', (code) => reject(new Error(`closed with ${code} before ready`)))
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as ReadyFrame
    if (frame.t !== 'ready') return
    resolve(frame)
    socket.terminate()
  })
  return promise
}
