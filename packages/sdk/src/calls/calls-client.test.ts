import type { CallFrame } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import { CALL_HERE_MS, type CallShape } from '@parley/protocol/calls'
import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeMedia } from '../testing/fake-media.ts'
import { type CallAsk, CallsClient } from './calls-client.ts'
import type { TabStorage } from './endpoint.ts'

type Participant = CallShape['participants'][number]

let clock: FakeClock
let media: FakeMedia
let server: CallShape
let asked: CallAsk[]
let refusal: ParleyError | null
let tab: TabStorage
let ids: number

beforeEach(() => {
  clock = new FakeClock()
  media = new FakeMedia()
  asked = []
  refusal = null
  ids = 0
  tab = newTab()
  server = { id: 'c1', room: 'r1', media: 'video', started_by: 'bob', started_at: 1, participants: [] }
})

function newTab(): TabStorage {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
  }
}

/** The server's side, as far as one device sees it. */
async function answer(ask: CallAsk): Promise<{ call?: CallShape; calls?: CallShape[] }> {
  asked.push(ask)
  if (refusal !== null) throw refusal
  switch (ask.op) {
    case 'start':
    case 'join':
      put({ user: 'me', standing: 'joined', endpoint: ask.endpoint })
      return { call: server }
    case 'here':
      if (find('me')?.endpoint !== ask.endpoint) throw new ParleyError('conflict')
      return { call: server }
    case 'list':
      return { calls: server.ended_at === undefined && server.participants.length > 0 ? [server] : [] }
    default:
      return {}
  }
}

const find = (user: string) => server.participants.find((one) => one.user === user)

function put(participant: Participant): void {
  const others = server.participants.filter(({ user }) => user !== participant.user)
  server = { ...server, participants: [...others, participant] }
}

function open(): CallsClient {
  const client = new CallsClient({
    clock,
    newId: () => `endpoint-${++ids}`,
    tabStorage: tab,
    me: () => 'me',
    request: answer,
    media: async () => media.port(),
  })
  client.online()
  return client
}

const pass = async (ms: number): Promise<void> => {
  clock.advance(ms)
  await settled()
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
const ops = () => asked.map(({ op }) => op)
const state = (): CallFrame => ({ t: 'call', event: 'state', call: server })

/** Resolves when the client is in a call, or in none. */
function until(client: CallsClient, inCall: boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if ((client.get().current !== null) !== inCall) return
      end()
      resolve()
    }
    const end = client.subscribe(look)
    look()
  })
}

it('rings from the push and from the list, until it is silenced', async () => {
  put({ user: 'me', standing: 'ringing' })
  const client = open()
  await settled()
  expect(client.get().ringing).toEqual([server])
  put({ user: 'me', standing: 'declined' })
  client.take({ t: 'call', event: 'silence', call: server, why: 'declined' })
  expect(client.get()).toMatchObject({ ringing: [], calls: [{ id: 'c1' }], current: null })
})

it('does not bring back a call that is over, whatever comes late', async () => {
  const client = open()
  put({ user: 'me', standing: 'ringing' })
  const late = state()
  client.take({ t: 'call', event: 'state', call: { ...server, ended_at: 2 } })
  client.take(late)
  expect(client.get().calls).toEqual([])
})

it('asks for the devices before it calls, and calls nobody when they are refused', async () => {
  const client = open()
  media.refusal = new Error('no microphone')
  await expect(client.start('r1', { media: 'sound' })).rejects.toThrow('no microphone')
  expect(ops()).toEqual(['list'])
  expect(client.get().current).toBeNull()
})

it('says that it is here while it is in a call, and leaves once', async () => {
  const client = open()
  await client.start('r1', { media: 'video' })
  expect(client.get().current).toMatchObject({ status: 'joined', local: { sound: true, video: true } })
  await pass(CALL_HERE_MS)
  await pass(CALL_HERE_MS)
  await client.leave()
  await pass(CALL_HERE_MS)
  expect(ops()).toEqual(['list', 'start', 'here', 'here', 'leave'])
  expect(client.get().current).toBeNull()
  expect(media.tracks.every(({ stopped }) => stopped)).toBe(true)
})

it('goes on over a lost connection, with the same endpoint', async () => {
  const client = open()
  await client.start('r1', { media: 'sound' })
  put({ user: 'bob', standing: 'joined', endpoint: 'endpoint-bob' })
  client.take(state())
  client.offline()
  expect(client.get().current).toMatchObject({ status: 'reconnecting', peers: [{ user: 'bob' }] })
  client.online()
  await settled()
  expect(client.get().current?.status).toBe('joined')
  expect(ops()).toEqual(['list', 'start', 'list', 'here'])
  await client.leave()
})

it('comes back after a reload as the same endpoint, without taking the call from anybody', async () => {
  const first = open()
  await first.start('r1', { media: 'video' })
  await first.setVideo(false)
  // The page is gone without a word.
  first.offline()
  const again = open()
  await until(again, true)
  expect(again.get().current?.local).toMatchObject({ sound: true, video: false })
  expect(ops()).toEqual(['list', 'start', 'list', 'here'])
  // Another tab of the same person is not in it.
  tab = newTab()
  const other = open()
  await settled()
  expect(other.get()).toMatchObject({ current: null, calls: [{ id: 'c1' }] })
  await again.leave()
})

it('ends here when another device takes it over, also where that was not heard', async () => {
  const client = open()
  await client.start('r1', { media: 'sound' })
  const endpoint = find('me')?.endpoint ?? ''
  client.take({ t: 'call', event: 'dismiss', call: server, endpoint: 'endpoint-of-another-tab' })
  expect(client.get().current).not.toBeNull()
  client.take({ t: 'call', event: 'dismiss', call: server, endpoint })
  expect(client.get().current).toBeNull()

  await client.answer('c1')
  put({ user: 'me', standing: 'joined', endpoint: 'another-device' })
  await pass(CALL_HERE_MS)
  expect(client.get().current).toBeNull()
  expect(media.tracks.every(({ stopped }) => stopped)).toBe(true)
})

it('keeps the call over errors that pass', async () => {
  const client = open()
  await client.start('r1', { media: 'sound' })
  refusal = new ParleyError('unavailable')
  await pass(CALL_HERE_MS)
  expect(client.get().current).not.toBeNull()
  await client.leave()
})

it('does not join a call that is full, nor a second one', async () => {
  for (const user of ['a', 'b', 'c', 'd']) put({ user, standing: 'joined', endpoint: `endpoint-${user}` })
  const client = open()
  await settled()
  await expect(client.answer('c1')).rejects.toMatchObject({ code: 'conflict' })
  server = { ...server, participants: [] }
  await client.start('r1', { media: 'video' })
  await expect(client.start('r2', { media: 'video' })).rejects.toMatchObject({ code: 'conflict' })
  await client.leave()
})

it('leaves again when it was told to while it was joining', async () => {
  const client = open()
  const started = client.start('r1', { media: 'sound' })
  const refused = expect(started).rejects.toMatchObject({ code: 'conflict' })
  await client.leave()
  await refused
  expect(client.get().current).toBeNull()
  expect(media.tracks.every(({ stopped }) => stopped)).toBe(true)
})

it('does not come back to a call that was left while the server could not be told', async () => {
  const client = open()
  await client.start('r1', { media: 'sound' })
  client.offline()
  refusal = new ParleyError('unavailable')
  await client.leave()
  refusal = null
  asked = []
  client.online()
  await settled()
  expect(ops()).toEqual(['list', 'leave'])
  expect(client.get().current).toBeNull()
  // Nor does the page after a reload.
  open()
  await settled()
  expect(ops()).toEqual(['list', 'leave', 'list', 'leave'])
})
