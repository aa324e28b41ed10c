import type { CallShape } from '@parley/protocol/calls'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeMedia } from '../testing/fake-media.ts'
import { CallMedia } from './call-media.ts'
import { STILL_MS } from './flow-watch.ts'
import { IceServers } from './ice-servers.ts'

/** What becomes of a packet: when each of its copies arrives, ms; none: lost. */
type Fate = readonly number[]

let clock: FakeClock
let media: FakeMedia
let meshes: Map<string, { mesh: CallMedia; user: string; endpoint: string }>
let sessions: Map<string, number>
let fates: Fate[]
let generation: number
/** Who said that nothing comes any more. */
let stills: string[]

const honest: Fate = [30]
const preferences = { noiseSuppression: true, relayOnly: false }

beforeEach(reset)

function reset(): void {
  clock = new FakeClock()
  media = new FakeMedia()
  meshes = new Map()
  sessions = new Map()
  fates = []
  generation = 1
  stills = []
}

function enter(user: string, endpoint = `endpoint-${user}`): CallMedia {
  const mesh = new CallMedia({
    clock,
    port: media.port(),
    preferences,
    ice: new IceServers(clock, async () => [{ urls: [`turn:${user}${clock.now()}`] }]),
    ask: async () => ({}),
    me: user,
    endpoint,
    newSession() {
      const session = (sessions.get(endpoint) ?? 0) + 1
      sessions.set(endpoint, session)
      return session
    },
    signal(to, data) {
      for (const delay of fates.shift() ?? honest)
        clock.after(delay, () => meshes.get(to)?.mesh.hear(user, data))
    },
    changed: () => {},
    still: () => stills.push(user),
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
  const transport = { kind: 'mesh' as const, generation }
  const facts = { id: 'c1', room: 'r1', media: 'video' as const, started_by: 'a', started_at: 1 }
  return { ...facts, version: 1, transport, participants, ...changes }
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
  for (const user of users) await enter(user).open({ video: true })
  tell()
}

const meshOf = (user: string): CallMedia => {
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
      fc.constantFrom('nothing', 'reload', 'reload thrice', 'both reload', 'take over', 'screen'),
      fc.integer({ min: 0, max: 4_000 }),
      async (given, count, event, at) => {
        reset()
        fates = [...given]
        await enterAll(...['a', 'b', 'c'].slice(0, count))
        await pass(at)
        if (event === 'screen') await meshOf('b').setScreen(true)
        if (event === 'reload' || event === 'take over') {
          meshOf('b').close()
          await enter('b', event === 'reload' ? 'endpoint-b' : 'other-endpoint-b').open({ video: true })
        }
        const again = event === 'reload thrice' ? ['b', 'b', 'b'] : event === 'both reload' ? ['a', 'b'] : []
        for (const user of again) {
          meshOf(user).close()
          await enter(user).open({ video: true })
          tell(user)
          await pass(at % 700)
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
  await enter('b').open({ video: true })
  tell('b')
  await pass(5_000)
  expectAllConnected()
})

it('does not listen to the endpoint that another one has replaced', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  const old = meshOf('b')
  await enter('b', 'other-endpoint-b').open({ video: false })
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
  await enter('a').open({ video: true })
  await enter('b').open({ video: true })
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
  await meshOf('a').setPreferences({ ...preferences, microphone: 'better' })
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

it('sends smaller pictures to many', async () => {
  const cameras = () =>
    media
      .open()
      .flatMap(({ senders }) =>
        [...senders].flatMap(({ track, limited }) =>
          track?.kind === 'video' ? [limited?.scaleResolutionDownBy ?? 1] : [],
        ),
      )
  await enterAll('a', 'b')
  await pass(1_000)
  expect(cameras()).toEqual([1, 1])
  await enterAll('c', 'd')
  await pass(1_000)
  expect(cameras()).toEqual(Array(12).fill(2))
  await meshOf('a').setVideo(false)
  await meshOf('a').setVideo(true)
  expect(cameras()).toEqual(Array(12).fill(2))
})

it('connects anew in a new generation, with the same devices', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  const [before, opened] = [media.open(), media.wanted.length]
  generation = 2
  tell('a')
  await pass(1_000)
  tell('b')
  await pass(3_000)
  expectAllConnected()
  expect(media.open().filter((peer) => before.includes(peer))).toEqual([])
  expect(media.wanted).toHaveLength(opened)
  // What was decided before it is old.
  meshOf('a').update(callNow({ transport: { kind: 'mesh', generation: 1 } }))
  expectAllConnected()
})

it('looks for another way with fresh credentials', async () => {
  await enterAll('a', 'b')
  await pass(100_000)
  const [peer] = media.open()
  const before = peer?.configuration
  for (const one of media.open()) one.fail()
  await pass(3_000)
  expectAllConnected()
  expect(peer?.configuration.iceServers).not.toEqual(before?.iceServers)
})

describe('when nothing comes any more', () => {
  /** Everybody receives from everybody. */
  async function flow(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      for (const peer of media.open()) peer.heard = { level: 0, at: clock.now() }
      await pass(50)
    }
  }
  const restarts = () => media.open().map((peer) => peer.restarts)

  it('one of the two looks for another way long before a browser would say so, and once', async () => {
    await enterAll('a', 'b')
    await flow(5_000)
    expect([restarts(), stills]).toEqual([[0, 0], []])
    await pass(STILL_MS + 200)
    // The impolite one; its offer is enough for the other one to wait.
    expect([restarts(), stills]).toEqual([[1, 0], ['a']])
    await flow(4_000)
    expectAllConnected()
    await pass(10_000)
    expect([restarts(), stills]).toEqual([
      [2, 1],
      ['a', 'a', 'b'],
    ])
  })

  it('although somebody should send: who is silent by intent is left alone', async () => {
    await enterAll('a', 'b')
    await flow(5_000)
    for (const user of ['a', 'b']) {
      await meshOf(user).setSound(false)
      await meshOf(user).setVideo(false)
    }
    await pass(10_000)
    expect([restarts(), stills]).toEqual([[0, 0], []])
  })
})

it('tells who speaks, and keeps the stage until somebody else does', async () => {
  await enterAll('a', 'b', 'c')
  await pass(2_000)
  const [toB, toC] = media.peers
  if (toB === undefined || toC === undefined) throw new Error('there is nobody')
  const speaking = () =>
    meshOf('a')
      .peers()
      .flatMap((peer) => (peer.speaking ? [peer.user] : []))
  toB.heard = { level: 0.3, at: 0 }
  await pass(400)
  expect([speaking(), meshOf('a').speaker()]).toEqual([['b'], 'b'])
  toC.heard = { level: 0.9, at: 0 }
  await pass(400)
  expect([speaking(), meshOf('a').speaker()]).toEqual([['b', 'c'], 'b'])
  toB.heard = { level: 0, at: 0 }
  await pass(2_000)
  expect([speaking(), meshOf('a').speaker()]).toEqual([['c'], 'c'])
  toC.heard = { level: 0, at: 0 }
  toB.said = 0.4
  await pass(2_000)
  expect([speaking(), meshOf('a').speaker(), meshOf('a').local().speaking]).toEqual([[], 'c', true])
  meshOf('a').setSound(false)
  expect(meshOf('a').local().speaking).toBe(false)
})

it('tells how well somebody is received', async () => {
  await enterAll('a', 'b')
  await pass(2_000)
  const quality = () => meshOf('a').peers()[0]?.quality
  expect(quality()).toBe('unknown')
  const [peer] = media.open()
  const receive = async (packetsReceived: number, packetsLost: number) => {
    if (peer !== undefined) peer.counted = [{ type: 'inbound-rtp', packetsReceived, packetsLost }]
    await pass(2_200)
  }
  await receive(1_000, 100)
  await receive(2_000, 101)
  expect(quality()).toBe('good')
  await receive(2_800, 301)
  expect(quality()).toBe('poor')
  await receive(2_900, 306)
  expect(quality()).toBe('fair')
  await receive(2_900, 306)
  expect(quality()).toBe('poor')
})

it('sends no pictures where the server lets it in without them', async () => {
  await enterAll('a', 'b')
  const participants = callNow().participants.map((one) =>
    one.user === 'a' ? { ...one, sound_only: true as const } : one,
  )
  meshOf('a').update(callNow({ participants }))
  await pass(2_000)
  expect(meshOf('a').local()).toMatchObject({ soundOnly: true, video: false, sound: true })
  await expect(meshOf('a').setVideo(true)).rejects.toMatchObject({ code: 'conflict' })
  await expect(meshOf('a').setScreen(true)).rejects.toMatchObject({ code: 'conflict' })
  tell('a')
  await meshOf('a').setVideo(true)
  expect(meshOf('a').local()).toMatchObject({ soundOnly: false, video: true })
})
