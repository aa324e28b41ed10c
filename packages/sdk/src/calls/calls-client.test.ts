import { CALL_HERE_MS, type CallFrame, ParleyError } from '@parley/protocol'
import type { CallShape } from '@parley/protocol/calls'
import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeMedia } from '../testing/fake-media.ts'
import { type CallAsk, CallsClient } from './calls-client.ts'
import { claimEndpoint, storedEndpoint, type TabStorage } from './endpoint.ts'
import { TabCall } from './tab-call.ts'

type Participant = CallShape['participants'][number]

let clock: FakeClock
let media: FakeMedia
let server: CallShape
let asked: CallAsk[]
let refusal: ParleyError | null
/** So many times nobody can say whether one is in the call. */
let unsaid: number
let tab: TabStorage
let ids: number

beforeEach(() => {
  clock = new FakeClock()
  media = new FakeMedia()
  asked = []
  refusal = null
  unsaid = 0
  ids = 0
  tab = newTab()
  const facts = { id: 'c1', room: 'r1', media: 'video' as const, started_by: 'bob', started_at: 1 }
  server = { ...facts, version: 1, transport: { kind: 'mesh', generation: 1 }, participants: [] }
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
      if (unsaid-- > 0) throw new ParleyError('unavailable')
      if (find('me')?.endpoint !== ask.endpoint) throw new ParleyError('conflict')
      return { call: server }
    case 'list':
      return { calls: server.ended_at === undefined && server.participants.length > 0 ? [server] : [] }
    default:
      return {}
  }
}

function change(changes: Partial<CallShape>): void {
  server = { ...server, ...changes, version: server.version + 1 }
}

const find = (user: string) => server.participants.find((one) => one.user === user)

function put(participant: Participant): void {
  const others = server.participants.filter(({ user }) => user !== participant.user)
  change({ participants: [...others, participant] })
}

function open(claim: (id: string) => Promise<boolean> = async () => true): CallsClient {
  const storage = tab
  const client = new CallsClient({
    clock,
    supported: true,
    me: () => 'me',
    request: answer,
    storedEndpoint: () => storedEndpoint(storage),
    loadTab: async (parts) => {
      const endpoint = await claimEndpoint(storage, () => `endpoint-${++ids}`, claim)
      return new TabCall({ ...parts, clock, endpoint, port: media.port(), probe() {} })
    },
  })
  client.online()
  return client
}

const pass = async (ms: number): Promise<void> => {
  clock.advance(ms)
  await settled()
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
/** Without those for credentials, which go beside the others. */
const ops = () => asked.flatMap(({ op }) => (op === 'ice' ? [] : [op]))
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

it('joins no second call', async () => {
  const client = open()
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

it('takes no older news of a call', async () => {
  const client = open()
  put({ user: 'me', standing: 'ringing' })
  const ringing = state()
  put({ user: 'me', standing: 'declined' })
  client.take(state())
  client.take(ringing)
  expect(client.get()).toMatchObject({ ringing: [], calls: [{ version: server.version }] })
})

it('shows that it is entering, and begins as it was asked to, with what a preview has open', async () => {
  const client = open()
  const preview = media.stream(['audio', 'video'])
  const started = client.start('r1', { media: 'video', muted: true, stream: preview })
  expect(client.get().entering).toEqual({ room: 'r1' })
  await started
  expect(client.get()).toMatchObject({ entering: null, current: { local: { sound: false, video: true } } })
  expect(client.get().current?.local.camera?.getTracks()).toEqual(preview.getTracks())
  expect(media.wanted).toEqual([])
  expect(preview.getTracks().map(({ kind, enabled }) => [kind, enabled])).toContainEqual(['audio', false])
  await client.leave()
  expect(media.tracks.every(({ stopped }) => stopped)).toBe(true)
  await client.start('r1', { media: 'video', video: false, stream: media.stream(['audio', 'video']) })
  expect(media.tracks.slice(2).map(({ kind, stopped }) => [kind, stopped])).toEqual([
    ['audio', false],
    ['video', true],
  ])
})

it('leaves a preview to who opened it where there is no call, and asks for what it lacks', async () => {
  const client = open()
  const preview = media.stream(['video'])
  refusal = new ParleyError('forbidden')
  await expect(client.start('r1', { media: 'video', stream: preview })).rejects.toMatchObject({
    code: 'forbidden',
  })
  expect(media.wanted).toMatchObject([{ audio: { cleaned: true }, video: false }])
  expect(media.tracks.map(({ kind, stopped }) => [kind, stopped])).toEqual([
    ['video', false],
    ['audio', true],
  ])
})

it('only listens where the preview has no microphone, until one is opened', async () => {
  const client = open()
  await client.start('r1', { media: 'sound', muted: true, stream: media.stream([]) })
  expect([client.get().current?.local.sound, media.wanted.length]).toEqual([false, 0])
  await client.setSound(true)
  expect([client.get().current?.local.sound, media.wanted.length]).toEqual([true, 1])
})

it('is muted after a reload when it was before', async () => {
  const first = open()
  await first.start('r1', { media: 'sound' })
  first.setSound(false)
  first.offline()
  const again = open()
  expect(again.get().entering).toBeNull()
  await until(again, true)
  expect(again.get().current?.local.sound).toBe(false)
  await again.leave()
})

it('comes back when the server could not say at once whether it may', async () => {
  const first = open()
  await first.start('r1', { media: 'sound' })
  first.offline()
  asked = []
  unsaid = 2
  const again = open()
  await settled()
  expect(again.get().current).toBeNull()
  await pass(1_000)
  await pass(1_000)
  expect(again.get().current).not.toBeNull()
  expect(ops()).toEqual(['list', 'here', 'here', 'here'])
  await again.leave()
})

it('is somebody else in a tab that was duplicated', async () => {
  const first = open()
  await first.start('r1', { media: 'sound' })
  const copied = tab
  tab = newTab()
  for (const key of ['parley-call-endpoint', 'parley-call-session', 'parley-call'])
    tab.setItem(key, copied.getItem(key) ?? '')
  const other = open(async (id) => id !== find('me')?.endpoint)
  await settled()
  expect(other.get().current).toBeNull()
  expect(ops()).toEqual(['list', 'start', 'list'])
  // Unless it is asked to take the call over.
  await other.answer('c1')
  expect(find('me')?.endpoint).not.toBe(copied.getItem('parley-call-endpoint'))
  await Promise.all([first.leave(), other.leave()])
})

it('hears what was said to it before it knew that it is in the call, or that the other is', async () => {
  const client = open()
  const packet = (first: number, ...bodies: unknown[]) => {
    const to = `${tab.getItem('parley-call-endpoint')}#1`
    const data = { from: 'endpoint-bob#1', to, session: 1, meant: 0, got: 0, first, bodies, renewed: false }
    const endpoint = tab.getItem('parley-call-endpoint') ?? ''
    const frame = { event: 'signal', call: 'c1', from: 'bob', endpoint, data: JSON.stringify(data) }
    client.take({ t: 'call', ...frame } as CallFrame)
  }
  const started = client.start('r1', { media: 'sound' })
  await settled()
  // Bob is in it by now, and this tab does not know.
  put({ user: 'bob', standing: 'joined', endpoint: 'endpoint-bob' })
  packet(1, { told: { sound: true, video: false, display: null } })
  await started
  await settled()
  expect(ops()).toEqual(['list', 'start', 'here'])
  expect(client.get().current?.peers).toMatchObject([{ user: 'bob', sound: true }])
  await client.leave()
})

it('changes devices, and asks for other sound, at once', async () => {
  const client = open()
  await client.setPreferences({ microphone: 'desk', noiseSuppression: false, relayOnly: true })
  await client.start('r1', { media: 'video' })
  put({ user: 'bob', standing: 'joined', endpoint: 'endpoint-bob' })
  client.take(state())
  expect(media.open()).toMatchObject([{ configuration: { relayOnly: true } }])
  await client.setPreferences({
    microphone: 'desk',
    camera: 'back',
    noiseSuppression: true,
    relayOnly: false,
  })
  expect(media.wanted).toEqual([
    { audio: { device: 'desk', cleaned: false }, video: { device: undefined } },
    { audio: { device: 'desk', cleaned: true }, video: { device: 'back' } },
  ])
  await client.leave()
})

it('takes another microphone when its own is unplugged', async () => {
  const client = open()
  await client.start('r1', { media: 'sound' })
  media.tracks[0]?.end()
  await settled()
  expect(client.get().current?.local.sound).toBe(true)
  media.refusal = new Error('none')
  media.tracks[1]?.end()
  await settled()
  expect(client.get().current?.local.sound).toBe(false)
  await client.leave()
})

it('forgets the calls of a room that is not mine any more', async () => {
  put({ user: 'me', standing: 'ringing' })
  const client = open()
  await settled()
  client.forget('r1')
  expect(client.get()).toMatchObject({ calls: [], ringing: [] })
})
