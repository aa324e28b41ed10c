import { beforeAll, expect, test } from 'vitest'
import { assertUnhurt, attackedServer } from './lib/attacked.ts'
import {
  ask,
  expectStatus,
  type Json,
  newName,
  openRoom,
  type Person,
  say,
  signIn,
  signUp,
} from './lib/people.ts'
import { openRaw } from './lib/raw-socket.ts'
import { connect, dial, open, type Wire } from './lib/sockets.ts'

const server = attackedServer()
let owner: Person

beforeAll(async () => {
  owner = await signUp(server, 'owner')
})

interface Scene {
  readonly mallory: Person
  readonly room: string
  readonly name: string
  /** A room that stays: what is said here last shows that everything before has arrived. */
  readonly shared: string
  readonly secret: string
  readonly seq: number
  /** Mallory's own message. */
  readonly own: number
}

async function scene(kind: 'public' | 'group', member: boolean): Promise<Scene> {
  const mallory = await signUp(server, 'mallory')
  const name = newName('secret')
  const usernames = kind === 'group' && member ? { usernames: [mallory.username] } : {}
  const room = await openRoom(owner, { kind, name, ...usernames })
  if (kind === 'public' && member) expectStatus(await mallory.ask('POST', `/rooms/${room}/join`), 200)
  const shared = await openRoom(owner, { kind: 'group', usernames: [mallory.username] })
  const secret = newName('classified')
  const seq = await say(owner, room, secret)
  expectStatus(await owner.ask('PUT', `/rooms/${room}/messages/${seq}/pin`), 201)
  const own = member ? await say(mallory, room, 'mine') : 0
  return { mallory, room, name, shared, secret, seq, own }
}

const losses: {
  how: string
  kind: 'public' | 'group'
  member: boolean
  lose(scene: Scene): Promise<unknown>
}[] = [
  { how: 'never was in it', kind: 'group', member: false, lose: async () => {} },
  {
    how: 'was removed',
    kind: 'group',
    member: true,
    lose: async ({ room, mallory }) =>
      expectStatus(await owner.ask('DELETE', `/rooms/${room}/members/${mallory.id}`), 204),
  },
  {
    how: 'was banned from a group',
    kind: 'group',
    member: true,
    lose: async ({ room, mallory }) =>
      expectStatus(await owner.ask('POST', `/rooms/${room}/bans`, { body: { user_id: mallory.id } }), 204),
  },
  {
    how: 'was banned from a public room',
    kind: 'public',
    member: true,
    lose: async ({ room, mallory }) =>
      expectStatus(await owner.ask('POST', `/rooms/${room}/bans`, { body: { user_id: mallory.id } }), 204),
  },
  {
    how: 'left',
    kind: 'public',
    member: true,
    lose: async ({ room, mallory }) => expectStatus(await mallory.ask('POST', `/rooms/${room}/leave`), 204),
  },
]

/** Mallory's connections, opened while everything was still allowed. */
async function openLinks({ mallory, name, shared, room }: Scene, seeds: boolean) {
  const socket = await connect(server, mallory)
  const cursor = String(socket.frames.find((frame) => frame.t === 'ready')?.cursor)
  const stream = await openRaw(server, {
    firstBytes: `GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${mallory.token}\r\n\r\n`,
  })
  const text = (await stream.until('ready', (bytes) => bytes.includes('"t":"ready"'))).toString()
  const session = /"session":"([^"]+)"/.exec(text)?.[1]
  const headers = { Authorization: `Bearer ${mallory.token}` }
  const notifications = await open(server, { path: '/ws/join-notification/', headers })
  const door = seeds ? await open(server, { path: `/ws/${name}`, headers }) : undefined
  await knock(notifications, shared)
  if (door !== undefined) await knock(door, room)
  return { socket, cursor, stream, session, notifications, door }
}

/** An older door does not say when it is open; a message that comes through it does. */
async function knock(door: Wire, room: string): Promise<void> {
  const words = newName('knock')
  for (let turn = 0; turn < 200; turn++) {
    await say(owner, room, words)
    if (door.frames.some((frame) => frame.content === words)) return
  }
  throw new Error('the door did not open')
}

type Links = Awaited<ReturnType<typeof openLinks>>

async function seesNothingMore(scene: Scene, links: Links): Promise<void> {
  const watcher = await connect(server, owner)
  const after = newName('afterwards')
  await say(owner, scene.room, after)
  watcher.send({ t: 'typing', room: scene.room })
  watcher.send({ t: 'mark', id: 5, room: scene.room, read: scene.seq })
  links.socket.send({ t: 'typing', room: scene.room })
  const end = newName('end')
  await say(owner, scene.shared, end)
  await Promise.all([
    links.socket.next((frame) => frame.body === end),
    links.notifications.next((frame) => frame.content === end),
    links.stream.until('the end', (bytes) => bytes.includes(end)),
  ])
  const brought = [
    JSON.stringify(links.socket.frames),
    links.stream.bytes().toString(),
    JSON.stringify(links.notifications.frames),
    JSON.stringify(links.door?.frames),
  ].join()
  expect(brought).not.toContain(after)
  const typed = links.socket.frames.filter((frame) => frame.t === 'typing' && frame.room === scene.room)
  expect(typed).toEqual([])
  if (links.door !== undefined) expect((await links.door.closed).code).toBeLessThan(1016)
  // Nor do others see Mallory type.
  await watcher.request('ping')
  expect(watcher.frames.filter((frame) => frame.t === 'typing' && frame.user === scene.mallory.id)).toEqual(
    [],
  )
  watcher.cut()
}

/** Every frame that names a room; `target` is a message in it. */
function framesOn(room: string, target: number): [t: string, fields: Json][] {
  return [
    ['send', { room, client_id: newName('client'), body: 'intruder' }],
    ['edit', { room, target, body: 'intruder' }],
    ['delete', { room, target }],
    ['react', { room, target, emoji: '👍' }],
    ['unreact', { room, target, emoji: '👍' }],
    ['pin', { room, target }],
    ['unpin', { room, target }],
    ['mark', { room, read: target }],
  ]
}

async function mayDoNothing({ mallory, room, seq, own }: Scene, links: Links, code: string): Promise<void> {
  for (const target of own === 0 ? [seq] : [seq, own]) {
    for (const [t, fields] of framesOn(room, target)) {
      expect((await links.socket.request(t, fields)).code, t).toBe(code)
      const posted = await mallory.ask('POST', `/stream/${links.session}`, {
        body: { t, id: 1, ...fields, ...(t === 'send' ? { client_id: newName('client') } : {}) },
      })
      expect([posted.body.t, posted.body.code], `${t} on the stand-by link`).toEqual(['error', code])
    }
  }
  const { rooms } = (await links.socket.request('log', { rooms: [{ room, after: 0 }] })) as { rooms?: Json[] }
  expect(rooms).toMatchObject([{ room, error: { code } }])
}

async function mayReadNothing(scene: Scene, code: string): Promise<void> {
  const { mallory, room, seq, secret } = scene
  const paths = [
    `/rooms/${room}/messages`,
    `/rooms/${room}/messages/${seq}`,
    `/rooms/${room}/log`,
    `/rooms/${room}/pins`,
    `/rooms/${room}/members`,
    `/rooms/${room}/bans`,
    `/search?query=${secret}&room=${room}`,
  ]
  for (const path of paths) expect((await mallory.ask('GET', path)).code, path).toBe(code)
  const changes: [method: string, path: string, body?: unknown][] = [
    ['PATCH', `/rooms/${room}`, { name: 'intruder' }],
    ['DELETE', `/rooms/${room}`],
    ['POST', `/rooms/${room}/leave`],
    ['POST', `/rooms/${room}/members`, { username: mallory.username }],
    ['PATCH', `/rooms/${room}/members/${owner.id}`, { role: 'reader' }],
    ['DELETE', `/rooms/${room}/members/${owner.id}`],
    ['POST', `/rooms/${room}/bans`, { user_id: owner.id }],
    ['DELETE', `/rooms/${room}/bans/${mallory.id}`],
    ['PUT', `/rooms/${room}/messages/${seq}/pin`],
    ['PUT', `/rooms/${room}/messages/${seq}/reactions/%F0%9F%91%8D`],
  ]
  for (const [method, path, body] of changes)
    expect((await mallory.ask(method, path, { body })).code, `${method} ${path}`).toBe(code)

  const everywhere = await mallory.ask('GET', `/search?query=${secret}`)
  expect(expectStatus(everywhere, 200).messages).toEqual([])
  expect((await mallory.ask('GET', '/rooms')).text).not.toContain(room)
}

async function resumesWithoutIt(scene: Scene, cursors: readonly string[]): Promise<void> {
  for (const cursor of cursors) {
    const wire = await connect(server, scene.mallory, `?resume=${cursor}`)
    const ready = wire.frames.find((frame) => frame.t === 'ready') as Json
    expect(JSON.stringify(ready.rooms)).not.toContain(scene.room)
    expect(JSON.stringify(ready)).not.toContain(scene.secret)
    await say(owner, scene.room, 'only for members')
    const end = newName('end')
    await say(owner, scene.shared, end)
    await wire.next((frame) => frame.body === end)
    expect(JSON.stringify(wire.frames)).not.toContain('only for members')
    wire.cut()
    const polled = await scene.mallory.ask('GET', `/stream?poll=1&resume=${cursor}`)
    expect(polled.text).not.toContain(scene.secret)
  }
}

test.each(losses)('who $how gets nothing of a room, by whatever way', async ({ kind, member, lose }) => {
  const scenery = await scene(kind, member)
  const links = await openLinks(scenery, kind === 'public')
  const code = kind === 'public' ? 'not_member' : 'not_found'
  await lose(scenery)
  // The next frame and the next request, before anything else.
  expect((await links.socket.request('mark', { room: scenery.room, read: 1 })).code).toBe(code)
  await mayDoNothing(scenery, links, code)
  await mayReadNothing(scenery, code)
  await seesNothingMore(scenery, links)
  const stranger = await connect(server, owner)
  const foreign = String(stranger.frames.find((frame) => frame.t === 'ready')?.cursor)
  stranger.cut()
  await resumesWithoutIt(scenery, [links.cursor, foreign])
  for (const wire of [links.socket, links.notifications]) wire.cut()
  links.stream.destroy()
  await assertUnhurt(server)
})

test('who was banned comes back by no door until the ban is lifted', async () => {
  const { mallory, room, name } = await scene('public', true)
  const friend = await signUp(server, 'friend')
  expectStatus(await friend.ask('POST', `/rooms/${room}/join`), 200)
  expectStatus(await owner.ask('POST', `/rooms/${room}/bans`, { body: { user_id: mallory.id } }), 204)
  expect((await mallory.ask('POST', `/rooms/${room}/join`)).code).toBe('forbidden')
  for (const path of [`/ws/${name}`, `/ws/join/?name=${name}`, `/ws/${name.toUpperCase()}`]) {
    const wire = await open(server, { path, headers: { Authorization: `Bearer ${mallory.token}` } })
    expect((await wire.closed).code, path).toBe(1008)
  }
  const added = await friend.ask('POST', `/rooms/${room}/members`, { body: { username: mallory.username } })
  expect(added.code).toBe('forbidden')
  // The name cannot be taken to lure others either.
  expect(
    (await mallory.ask('POST', '/rooms', { body: { kind: 'public', name: name.toUpperCase() } })).code,
  ).toBe('room_name_taken')
  expectStatus(await owner.ask('DELETE', `/rooms/${room}/bans/${mallory.id}`), 204)
  expectStatus(await mallory.ask('POST', `/rooms/${room}/join`), 200)
})

test('the session of somebody else on the stand-by link does not exist', async () => {
  const victim = await signUp(server, 'victim')
  const mallory = await signUp(server, 'mallory')
  const raw = await openRaw(server, {
    firstBytes: `GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${victim.token}\r\n\r\n`,
  })
  const text = (await raw.until('ready', (bytes) => bytes.includes('"t":"ready"'))).toString()
  const session = /"session":"([^"]+)"/.exec(text)?.[1]
  const socket = await connect(server, victim)
  const sessions = [session, socket.frames.find((frame) => frame.t === 'ready')?.session, '__proto__']
  for (const one of sessions) {
    for (const body of [
      { t: 'ping', id: 1 },
      { t: 'presence', id: 1, state: 'away' },
      { t: 'auth', token: mallory.token },
    ])
      expect((await mallory.ask('POST', `/stream/${one}`, { body })).code).toBe('not_found')
  }
  // One's own session is not handed over by the token of somebody else.
  const renewed = await victim.ask('POST', `/stream/${session}`, {
    body: { t: 'auth', id: 1, token: mallory.token },
  })
  expect(renewed.code).toBe('not_found')
  raw.destroy()
  socket.cut()
})

test("one's rights on a device, a notification or an account end at one's own", async () => {
  const victim = await signUp(server, 'victim', { email: `${newName('v')}@example.com` })
  const mallory = await signUp(server, 'mallory')
  const { devices } = (await victim.ask('GET', '/auth/devices')).body as { devices: Json[] }
  expect((await mallory.ask('DELETE', `/auth/devices/${devices[0]?.id}`)).code).toBe('not_found')
  expect((await victim.ask('GET', '/users/me')).status).toBe(200)
  expect((await mallory.ask('GET', `/users/${victim.id}/permissions`)).code).toBe('forbidden')
  const seen = await mallory.ask('GET', `/users/${victim.id}`)
  expect(Object.keys(seen.body.user as Json).sort()).toEqual(['display_name', 'id', 'username'])
})

test('a reader who is demoted while a socket is open writes nothing with the next frame', async () => {
  const { mallory, room, own } = await scene('public', true)
  const wire = await connect(server, mallory)
  expectStatus(
    await owner.ask('PATCH', `/rooms/${room}/members/${mallory.id}`, { body: { role: 'reader' } }),
    200,
  )
  for (const [t, fields] of framesOn(room, own)) {
    const answer = await wire.request(t, fields)
    // Reading on is what a reader may.
    if (t === 'mark') expect(answer.t).toBe('ok')
    else expect(answer.code, t).toBe('forbidden')
  }
  wire.cut()
})

test('reconnecting all the time while being removed brings nothing of what follows', async () => {
  for (let turn = 0; turn < 4; turn++) {
    const { mallory, room, shared } = await scene('group', true)
    const other = await signIn(server, mallory)
    const wires: Promise<Wire | undefined>[] = []
    const dialOne = async (person: Person) => {
      const dialled = await dial(server, { headers: { Authorization: `Bearer ${person.token}` } })
      return 'wire' in dialled ? dialled.wire : undefined
    }
    for (let one = 0; one < 10; one++) wires.push(dialOne(one % 2 === 0 ? mallory : other))
    await owner.ask('DELETE', `/rooms/${room}/members/${mallory.id}`)
    for (let one = 0; one < 5; one++) wires.push(dialOne(mallory))
    const opened = (await Promise.all(wires)).filter((wire) => wire !== undefined)
    await Promise.all(opened.map((wire) => wire.next((frame) => frame.t === 'ready')))
    const after = newName('afterwards')
    await say(owner, room, after)
    const end = newName('end')
    await say(owner, shared, end)
    await Promise.all(opened.map((wire) => wire.next((frame) => frame.body === end)))
    expect(opened.filter((wire) => JSON.stringify(wire.frames).includes(after))).toEqual([])
    for (const wire of opened) wire.cut()
  }
  expect((await ask(server, 'GET', '//healthz')).status).toBe(200)
})
