import { ParleyError } from '@parley/protocol'
import type { CallShape, MediaAsk } from '@parley/protocol/calls'
import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeMedia } from '../testing/fake-media.ts'
import { FakeSfu } from '../testing/fake-sfu.ts'
import { CallMedia } from './call-media.ts'
import { STILL_MS } from './flow-watch.ts'
import { IceServers } from './ice-servers.ts'

let clock: FakeClock
let media: FakeMedia
let sfu: FakeSfu
let people: Map<string, CallMedia>
let transport: CallShape['transport']

beforeEach(() => {
  clock = new FakeClock()
  media = new FakeMedia()
  people = new Map()
  transport = { kind: 'sfu', generation: 1 }
  sfu = new FakeSfu(media, (user, told) =>
    clock.after(5, () => people.get(user)?.take(transport.generation, told)),
  )
})

let session = 0
/** Who said that nothing comes any more. */
let stills: string[] = []
/** From browser to browser, so far. */
let signals = 0
async function enter(...users: string[]): Promise<void> {
  for (const user of users) {
    const ice = new IceServers(clock, async () => [{ urls: ['turn:here'] }])
    await ice.refresh()
    const person = new CallMedia({
      clock,
      port: media.port(),
      me: user,
      endpoint: `endpoint-${user}`,
      preferences: { noiseSuppression: true, relayOnly: false },
      ice,
      newSession: () => ++session,
      signal(to, data) {
        signals++
        clock.after(20, () => people.get(to)?.hear(user, data))
      },
      async ask(generation, ask) {
        await later(5)
        if (generation !== transport.generation) throw new ParleyError('conflict')
        return sfu.ask(user, ask)
      },
      changed: () => {},
      still: () => stills.push(user),
    })
    people.set(user, person)
    await person.open({ video: true })
  }
  tell()
}

const later = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))

function tell(): void {
  const participants = [...people.keys()].map((user) => ({
    user,
    endpoint: `endpoint-${user}`,
    standing: 'joined' as const,
  }))
  const facts = { id: 'c1', room: 'r1', version: 1, media: 'video' as const, started_by: 'a', started_at: 1 }
  for (const person of people.values()) person.update({ ...facts, transport, participants })
}

async function pass(ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 10) {
    clock.advance(10)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

const person = (user: string): CallMedia => {
  const found = people.get(user)
  if (found === undefined) throw new Error(`${user} is not here`)
  return found
}
const seen = (user: string, other: string) =>
  person(user)
    .peers()
    .find((peer) => peer.user === other)
const asksOf = <Do extends MediaAsk['do']>(user: string, what: Do) =>
  sfu.asked.flatMap(({ user: who, ask }) =>
    who === user && ask.do === what ? [ask as Extract<MediaAsk, { do: Do }>] : [],
  )
const kinds = (user: string, other: string) =>
  seen(user, other)
    ?.camera?.getTracks()
    .map(({ kind }) => kind)
    .sort()

/** Those of browsers, open. */
const ownPeers = () => media.open().filter(({ configuration }) => configuration.iceServers.length > 0)

function expectAllConnected(): void {
  for (const [user, one] of people)
    expect(one.peers(), user).toMatchObject(
      Array.from({ length: people.size - 1 }, () => ({ state: 'connected', sound: true, video: true })),
    )
  expect(media.errors).toEqual([])
}

it('sends once and receives everybody, each in their own stream', async () => {
  await enter('a', 'b', 'c')
  await pass(1_000)
  expectAllConnected()
  for (const other of ['b', 'c']) expect(kinds('a', other)).toEqual(['audio', 'video'])
  // Two connections a browser, and their other ends.
  expect(media.open()).toHaveLength(3 * 2 * 2)
  const [up] = media.peers
  expect(up?.sections.map(({ kind, encodings }) => [kind, encodings.map(({ rid }) => rid)])).toEqual([
    ['audio', []],
    ['video', ['l', 'm', 'h']],
  ])
})

it('publishes what is switched on and off, one description at a time', async () => {
  await enter('a', 'b')
  await pass(1_000)
  const before = asksOf('a', 'publish').length
  await person('a').setVideo(false)
  await person('a').setScreen(true)
  await pass(500)
  expect(seen('b', 'a')).toMatchObject({ sound: true, video: false, screen: true })
  expect(kinds('b', 'a')).toEqual(['audio'])
  expect(seen('b', 'a')?.display?.getTracks()).toHaveLength(1)
  // The screen came while the camera's end was on its way.
  expect(asksOf('a', 'publish').length - before).toBe(2)
  await person('a').setVideo(true)
  await person('a').setScreen(false)
  await pass(500)
  expect(seen('b', 'a')).toMatchObject({ video: true, screen: false, display: null })
  const last = asksOf('a', 'publish').at(-1)
  expect(last?.tracks.map(({ source }) => source).sort()).toEqual(['camera', 'microphone'])
  // The sections are used again.
  expect(media.peers[0]?.sections).toHaveLength(3)
  expectAllConnected()
})

it('changes to another microphone without a word', async () => {
  await enter('a', 'b')
  await pass(1_000)
  const before = sfu.asked.length
  await person('a').setPreferences({ microphone: 'better', noiseSuppression: true, relayOnly: false })
  await pass(1_000)
  expect(sfu.asked).toHaveLength(before)
  const sent = media.peers[0]?.sections.map(({ track }) => track)
  expect(sent).toContain(
    person('a')
      .local()
      .camera?.getTracks()
      .find(({ kind }) => kind === 'audio'),
  )
})

it('tells who is muted and who speaks', async () => {
  await enter('a', 'b')
  await pass(1_000)
  person('b').take(1, { told: 'speaking', user: 'a', speaking: true })
  expect([seen('b', 'a')?.speaking, person('b').speaker()]).toEqual([true, 'a'])
  person('a').setSound(false)
  await pass(500)
  expect(seen('b', 'a')).toMatchObject({ sound: false, speaking: false, state: 'connected' })
  expect(asksOf('a', 'publish')).toHaveLength(1)
})

it('asks again while the SFU is away, and no more when the call has moved', async () => {
  sfu.refusals.push(...Array.from({ length: 3 }, () => new ParleyError('unavailable')))
  await enter('a')
  await pass(400)
  expect(asksOf('a', 'publish')).toHaveLength(1)
  await pass(3_400)
  expect(asksOf('a', 'publish')).toHaveLength(4)
  expect(new Set(asksOf('a', 'publish').map(({ sdp }) => sdp)).size).toBe(1)
  sfu.refusals.push(...Array.from({ length: 100 }, () => new ParleyError('unavailable')))
  await person('a').setScreen(true)
  await pass(1_000)
  transport = { kind: 'mesh', generation: 2 }
  const [before, opened] = [sfu.asked.length, media.wanted.length]
  tell()
  await pass(20_000)
  expect(sfu.asked).toHaveLength(before)
  expect(media.wanted).toHaveLength(opened)
  expect(person('a').local()).toMatchObject({ sound: true, video: true, screen: true })
})

it('moves between mesh and SFU with the same devices', async () => {
  transport = { kind: 'mesh', generation: 1 }
  await enter('a', 'b')
  await pass(2_000)
  expectAllConnected()
  const opened = media.wanted.length
  for (const [generation, kind] of [
    [2, 'sfu'],
    [3, 'mesh'],
    [4, 'sfu'],
  ] as const) {
    transport = { kind, generation }
    sfu = new FakeSfu(media, (user, told) => clock.after(5, () => people.get(user)?.take(generation, told)))
    tell()
    await pass(3_000)
    expectAllConnected()
  }
  expect(media.wanted).toHaveLength(opened)
})

it('moves from one SFU to another without a word from browser to browser, and still knows who is muted', async () => {
  await enter('a', 'b')
  await pass(1_000)
  await person('a').setSound(false)
  await pass(1_000)
  const before = signals
  transport = { kind: 'sfu', generation: 2 }
  sfu = new FakeSfu(media, (user, told) => clock.after(5, () => people.get(user)?.take(2, told)))
  tell()
  await pass(3_000)
  expect([seen('b', 'a'), seen('a', 'b')]).toMatchObject([
    { state: 'connected', sound: false, video: true },
    { state: 'connected', sound: true, video: true },
  ])
  expect(signals).toBe(before)
})

it('begins anew when the SFU has lost it', async () => {
  await enter('a', 'b')
  person('a').setTile('b', 'camera', 'small')
  await pass(1_000)
  expect(asksOf('a', 'layers')).toHaveLength(1)
  sfu.forget('a')
  await pass(2_000)
  expectAllConnected()
  expect(kinds('b', 'a')).toEqual(['audio', 'video'])
  expect(asksOf('a', 'layers')).toHaveLength(2)
})

it('looks for another way for what it sends and for what it receives', async () => {
  await enter('a', 'b')
  await pass(70_000)
  const before = sfu.asked.length
  for (const peer of media.open()) peer.fail()
  expect(seen('a', 'b')?.state).toBe('reconnecting')
  await pass(2_000)
  expectAllConnected()
  expect(asksOf('a', 'restart')).toHaveLength(1)
  expect(
    sfu.asked.slice(before).filter(({ user, ask }) => user === 'a' && ask.do === 'publish'),
  ).toHaveLength(1)
})

it('looks for another way as soon as nothing comes any more, before the browser says so', async () => {
  await enter('a', 'b')
  await pass(1_000)
  const down = ownPeers().filter(({ sections }) => sections.length === 0)
  for (let gone = 0; gone < 3_000; gone += 100) {
    for (const peer of down) peer.heard = { level: 0, at: clock.now() }
    await pass(100)
  }
  expect(sfu.asked.filter(({ ask }) => ask.do === 'restart')).toEqual([])
  stills = []
  await pass(STILL_MS + 500)
  expect(stills).toEqual(['a', 'b'])
  expect(ownPeers().map(({ restarts, sections }) => [sections.length > 0, restarts])).toEqual([
    [true, 1],
    [true, 1],
    [false, 0],
    [false, 0],
  ])
  expect(['a', 'b'].map((user) => asksOf(user, 'restart').length)).toEqual([1, 1])
  expectAllConnected()
})

it('receives pictures as large as they are shown, told once when many change', async () => {
  await enter('a', 'b', 'c')
  await pass(1_000)
  for (const size of ['small', 'large', 'small'] as const) person('a').setTile('b', 'camera', size)
  person('a').setTile('c', 'camera', 'middle')
  person('a').setTile('c', 'display', 'large')
  await pass(500)
  expect(asksOf('a', 'layers').map(({ layers }) => layers)).toEqual([
    [
      { user: 'b', source: 'camera', layer: 0 },
      { user: 'c', source: 'camera', layer: 1 },
    ],
  ])
  person('a').setTile('c', 'camera', 'middle')
  await pass(500)
  expect(asksOf('a', 'layers')).toHaveLength(1)
})

it('tells how well each is received', async () => {
  await enter('a', 'b', 'c')
  await pass(1_000)
  const [down] = ownPeers().filter((peer) => peer.received().length > 0)
  if (down === undefined) throw new Error('nothing is received')
  // One person's packets are lost.
  const measure = (times: number) =>
    ['0', '1', '2', '3'].map((mid) => ({
      type: 'inbound-rtp',
      mid,
      packetsReceived: 1_000 * times,
      packetsLost: mid < '2' ? 400 * times : 0,
    }))
  down.counted = measure(1)
  await pass(2_200)
  down.counted = measure(2)
  await pass(2_200)
  const receivers = ['a', 'b', 'c'].map((user) =>
    person(user)
      .peers()
      .map(({ quality }) => quality)
      .sort(),
  )
  expect(receivers).toContainEqual(['good', 'poor'])
})

it('takes down whoever left, and everything at the end', async () => {
  await enter('a', 'b', 'c')
  await pass(1_000)
  person('c').close()
  people.delete('c')
  sfu.leave('c')
  tell()
  await pass(1_000)
  expectAllConnected()
  for (const one of people.values()) one.close()
  expect(ownPeers()).toEqual([])
  expect(media.tracks.every(({ stopped }) => stopped)).toBe(true)
  await pass(10_000)
  expect(clock.pending).toBe(0)
})
