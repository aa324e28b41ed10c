import type { CallShape } from '@parley/protocol/calls'
import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeMedia } from '../testing/fake-media.ts'
import { createMesh, type Mesh } from './mesh.ts'

/** What becomes of a packet: when each of its copies arrives, ms; none: lost. */
type Fate = readonly number[]

let clock: FakeClock
let media: FakeMedia
let meshes: Map<string, { mesh: Mesh; user: string; endpoint: string }>
let sessions: Map<string, number>
let fates: Fate[]

const honest: Fate = [30]

beforeEach(reset)

function reset(): void {
  clock = new FakeClock()
  media = new FakeMedia()
  meshes = new Map()
  sessions = new Map()
  fates = []
}

function enter(user: string, endpoint = `endpoint-${user}`): Mesh {
  const mesh = createMesh({
    clock,
    media: media.port(),
    me: user,
    endpoint,
    newSession() {
      const session = (sessions.get(endpoint) ?? 0) + 1
      sessions.set(endpoint, session)
      return session
    },
    signal(to, data) {
      for (const delay of fates.shift() ?? honest)
        clock.after(delay, () => meshes.get(to)?.mesh.take(user, data))
    },
    changed: () => {},
  })
  meshes.set(user, { mesh, user, endpoint })
  return mesh
}

function tell(...users: string[]): void {
  for (const user of users.length > 0 ? users : meshes.keys()) meshes.get(user)?.mesh.update(callNow())
}

function callNow(changes: Partial<CallShape> = {}): CallShape {
  const participants = [...meshes.values()].map(({ user, endpoint }) => ({
    user,
    endpoint,
    standing: 'joined' as const,
  }))
  return { id: 'c1', room: 'r1', media: 'video', started_by: 'a', started_at: 1, participants, ...changes }
}

async function pass(ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 50) {
    clock.advance(50)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

function expectAllConnected(): void {
  const others = meshes.size - 1
  for (const { mesh, user } of meshes.values())
    expect(
      mesh.peers().map(({ state }) => state),
      user,
    ).toEqual(Array(others).fill('connected'))
  // One connection a pair and side, and nothing asked that a browser refuses.
  expect(media.open()).toHaveLength(others * meshes.size)
  expect(media.errors).toEqual([])
}

async function enterAll(...users: string[]): Promise<void> {
  for (const user of users) await enter(user).open(true)
  tell()
}

const meshOf = (user: string): Mesh => {
  const found = meshes.get(user)
  if (found === undefined) throw new Error(`${user} is not here`)
  return found.mesh
}

it('connects two who offer at the same moment', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  expectAllConnected()
  expect(meshOf('a').peers()[0]).toMatchObject({ user: 'b', sound: true, video: true, screen: false })
  expect(meshOf('a').peers()[0]?.camera?.id).toBe(meshOf('b').local().camera?.id)
})

it('connects everybody over a line that loses, doubles and reorders', async () => {
  const fate = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 40 }),
      fc.integer({ min: 2, max: 3 }),
      fc.constantFrom('nothing', 'reload', 'take over', 'screen'),
      fc.integer({ min: 0, max: 4_000 }),
      async (given, count, event, at) => {
        reset()
        fates = [...given]
        await enterAll(...['a', 'b', 'c'].slice(0, count))
        await pass(at)
        if (event === 'screen') await meshOf('b').setScreen(true)
        if (event === 'reload' || event === 'take over') {
          meshOf('b').close()
          await enter('b', event === 'reload' ? 'endpoint-b' : 'other-endpoint-b').open(true)
        }
        tell()
        await pass(40_000)
        expectAllConnected()
        if (event === 'screen') expect(meshOf('a').peers()[0]?.display).not.toBeNull()
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

it('connects again with a tab that was reloaded, which nobody else was told of', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  meshOf('b').close()
  await enter('b').open(true)
  tell('b')
  await pass(5_000)
  expectAllConnected()
})

it('does not listen to the endpoint that another one has replaced', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  const old = meshOf('b')
  await enter('b', 'other-endpoint-b').open(false)
  tell()
  await old.setScreen(true)
  await pass(5_000)
  expect(meshOf('a').peers()).toMatchObject([{ state: 'connected', video: false, screen: false }])
  old.close()
  expectAllConnected()
})

it('finds another way when the connection fails, and says so meanwhile', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  for (const peer of media.open()) peer.fail()
  expect(meshOf('a').peers()[0]?.state).toBe('reconnecting')
  await pass(3_000)
  expectAllConnected()
})

it('says that it failed where no way is found, and connects when there is one', async () => {
  await enter('a').open(true)
  await enter('b').open(true)
  tell('a')
  await pass(35_000)
  expect(meshOf('a').peers()[0]?.state).toBe('failed')
  tell('b')
  await pass(20_000)
  expectAllConnected()
})

it('tells what is muted, and negotiates a camera and a screen that come and go', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  meshOf('a').setSound(false)
  await meshOf('a').setVideo(false)
  await meshOf('a').setScreen(true)
  await pass(2_000)
  const seen = () => meshOf('b').peers()[0]
  expect(seen()).toMatchObject({ sound: false, video: false, screen: true })
  expect(seen()?.display?.id).toBe(meshOf('a').local().display?.id)
  expect(seen()?.camera?.id).toBe(meshOf('a').local().camera?.id)
  await meshOf('a').setVideo(true)
  await meshOf('a').setScreen(false)
  await pass(2_000)
  expect(seen()).toMatchObject({ video: true, screen: false, display: null })
  expectAllConnected()
})

it('changes to another microphone without negotiating', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  const senders = media.open().map(({ senders }) => new Set(senders))
  meshOf('a').setSound(false)
  await meshOf('a').setDevices({ microphone: 'better' })
  expect(media.open().map(({ senders }) => new Set(senders))).toEqual(senders)
  const sound = meshOf('a')
    .local()
    .camera?.getTracks()
    .find(({ kind }) => kind === 'audio')
  // The new one is as mute as the old one, and it is the one that is sent.
  expect(sound?.enabled).toBe(false)
  const sent = media.open().flatMap((peer) => [...peer.senders].map(({ track }) => track))
  expect(sent).toContain(sound)
  expect(sent.filter((track) => media.tracks.find(({ id }) => id === track?.id)?.stopped)).toEqual([])
})

it('takes down the connection to who left, and stops all devices at the end', async () => {
  await enterAll('a', 'b', 'c')
  await pass(2_000)
  meshOf('c').close()
  meshes.delete('c')
  tell()
  expectAllConnected()
  for (const { mesh } of meshes.values()) mesh.close()
  expect(media.open()).toEqual([])
  expect(media.tracks.every(({ stopped }) => stopped)).toBe(true)
  expect(clock.pending).toBeLessThan(20)
  await pass(10_000)
  expect(clock.pending).toBe(0)
})

it('keeps to the bound of a mesh', async () => {
  await enterAll('a', 'b', 'c', 'd', 'e', 'f')
  expect(meshOf('a').peers()).toHaveLength(3)
  for (const { mesh } of meshes.values()) mesh.close()
})
