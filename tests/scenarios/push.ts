/** Web push, at a push service of ours that opens what comes as a browser would: told once, and not what need not be told. */
import type { CreateParleyOptions, PushDeviceLike } from '@parley/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { PushDevice } from '../support/push-endpoint.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import {
  createPeople,
  type Deployment,
  type People,
  type Person,
  type PushReceiving,
  storedBodies,
  type Topology,
  until,
} from './topology.ts'

/** Work may lie a moment with the relay and the queue. */
const patient = { timeout: 25_000, interval: 50 }

/** A browser that was allowed to notify and shows nothing by itself. */
export function deviceOf(device: PushDevice): PushDeviceLike {
  return {
    permission: () => 'granted',
    requestPermission: async () => 'granted',
    subscribe: async () => device.subscription,
    unsubscribe: async () => {},
    shown: async () => [],
  }
}

/** Somebody whose device has pushes switched on. */
export async function joinWithPush(
  people: People,
  { pushes }: PushReceiving,
  name: string,
  options: CreateParleyOptions = {},
): Promise<Person & { device: PushDevice }> {
  const device = await pushes.subscribe()
  const person = await people.join(name, { ...options, pushDevice: deviceOf(device) })
  await person.parley.push.enable('en')
  return { ...person, device }
}

export function describePush(topology: Topology<PushReceiving>): void {
  // Each body has a Bob and rooms of its own, and waits until somebody is told.
  describe.concurrent(`web push on ${topology.name}`, () => {
    let deployment: Deployment & PushReceiving
    let people: People
    let ann: Person
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
      ann = await people.join('ann')
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    async function groupOf(other: Person): Promise<string> {
      const input = { kind: 'group', name: 'Told', usernames: [other.username] } as const
      const { id } = await ann.parley.createRoom(input)
      await until(other.parley.room(id), (found) => found !== undefined)
      return id
    }
    const texts = (device: PushDevice) => device.pushes.map(({ data }) => data.text ?? data.type)
    /** What comes for it while nobody is there: what is said later, and pushed, proves that the others were not. */
    async function textsUpTo(device: PushDevice, last: string): Promise<unknown[]> {
      await vi.waitUntil(() => texts(device).includes(last), patient)
      return texts(device)
    }

    it('who closed the tab is told once, and no longer once it was read on another device', async () => {
      const bob = await joinWithPush(people, deployment, 'bob')
      const room = await groupOf(bob)
      // Being added is told to who is connected, too, unless it is seen in time.
      bob.parley.markRead(room, bob.parley.room(room).get()?.head_seq ?? 0)
      await bob.parley.stop()
      ann.parley.send(room, { body: 'nothing for you' })
      ann.parley.send(room, { body: `the boat leaves, @${bob.username}` })
      const pushed = await textsUpTo(bob.device, `the boat leaves, @${bob.username}`)
      const shown = bob.device.pushes.at(-1)
      expect(shown?.data).toMatchObject({ room, kind: 'mention', from: ann.username, room_name: 'Told' })
      const other = await people.device(bob)
      other.markRead(room, Number(shown?.data.seq))
      expect(await textsUpTo(bob.device, 'clear')).toEqual([...pushed, 'clear'])
      expect(pushed.filter((text) => text !== '')).toHaveLength(1)
    })

    it('of a muted room, or one that one was removed from, nothing is pushed', async () => {
      const bob = await joinWithPush(people, deployment, 'bob')
      const [muted, left, heard] = [await groupOf(bob), await groupOf(bob), await groupOf(bob)]
      await bob.parley.setNotifyLevel(muted, 'none')
      await bob.parley.setNotificationSettings({ push_content: 'sender' })
      await bob.parley.stop()
      await ann.parley.removeMember(left, bob.id)
      for (const room of [muted, left, heard]) ann.parley.send(room, { body: `for you, @${bob.username}` })
      const mentions = () => bob.device.pushes.filter(({ data }) => data.kind === 'mention')
      await vi.waitUntil(() => mentions().length === 1, patient)
      ann.parley.send(heard, { body: `and again, @${bob.username}` })
      await vi.waitUntil(() => mentions().length === 2, patient)
      expect(mentions().map(({ data }) => [data.room, data.from, data.text])).toEqual([
        [heard, ann.username, undefined],
        [heard, ann.username, undefined],
      ])
    })

    it('who sits behind a half-open socket is told by push, and the message is there once the line is back', async () => {
      const line = await startTcpProxy({ port: Number(new URL(ann.url).port) })
      try {
        const bob = await joinWithPush(people, deployment, 'bob', { baseUrl: line.url })
        const room = await groupOf(bob)
        bob.parley.markRead(room, bob.parley.room(room).get()?.head_seq ?? 0)
        const endWatch = ann.parley.watch([bob.id])
        await until(ann.parley.presence(bob.id), (presence) => presence?.state === 'online')
        for (const direction of ['up', 'down'] as const) line.freeze(direction)
        ann.parley.send(room, { body: `are you there, @${bob.username}` })
        await textsUpTo(bob.device, `are you there, @${bob.username}`)
        // Nobody has noticed: for the server he is connected and looks.
        expect(ann.parley.presence(bob.id).get()?.state).toBe('online')
        endWatch()
        line.thaw()
        const timeline = bob.parley.timeline(room)
        await until(timeline, () => storedBodies(bob.parley, room).length > 0)
        expect(storedBodies(bob.parley, room)).toEqual([`are you there, @${bob.username}`])
      } finally {
        await line.close()
      }
    })

    it('a call rings where nobody is, until the caller gives up, and is one missed call', async () => {
      const bob = await joinWithPush(people, deployment, 'bob')
      const room = await groupOf(bob)
      bob.parley.markRead(room, bob.parley.room(room).get()?.head_seq ?? 0)
      await bob.parley.stop()
      const told = () => bob.device.pushes.flatMap(({ data }) => (data.kind === 'added' ? [] : [data]))
      await withSocket(ann, async (ask) => {
        const endpoint = 'of-no-browser'
        const { call } = (await ask({ op: 'start', endpoint, room, media: 'video' })) as {
          call: { id: string }
        }
        await vi.waitUntil(() => told().length === 1, patient)
        await ask({ op: 'leave', endpoint, call: call.id })
      })
      await vi.waitUntil(() => told().length === 3, patient)
      const [ring, ...after] = told()
      expect(ring).toMatchObject({ type: 'show', kind: 'ring', room, media: 'video', from: ann.username })
      // One is about the ringing, the other one about what is unread: either may be first.
      expect(after.map(({ type, kind }) => `${type} ${kind}`).sort()).toEqual(['clear ring', 'show call'])
      const other = await people.device(bob)
      const missed = () => other.inbox.get().items.filter(({ kind }) => kind === 'call')
      await until(other.inbox, () => missed().length > 0)
      expect(missed()).toMatchObject([{ room, from: ann.id, media: 'video' }])
      other.markRead(room, missed()[0]?.seq ?? 0)
      await vi.waitUntil(() => told().at(-1)?.type === 'clear' && told().length === 4, patient)
    })

    it('a device that was signed out is told nothing, the others are', async () => {
      const bob = await joinWithPush(people, deployment, 'bob')
      const device = await deployment.pushes.subscribe()
      const laptop = await people.device(bob, { pushDevice: deviceOf(device) })
      await laptop.push.enable('en')
      const room = await groupOf(bob)
      const sessions = await laptop.devices()
      const other = sessions.find(({ current }) => !current)
      await bob.parley.stop()
      await laptop.revokeDevice(other?.id ?? '')
      await laptop.stop()
      const before = bob.device.attempts()
      ann.parley.send(room, { body: `only once, @${bob.username}` })
      await textsUpTo(device, `only once, @${bob.username}`)
      expect(bob.device.attempts()).toBe(before)
    })
  })
}

/** Asks of calls what no browser is needed for, over a socket of this person's. */
async function withSocket(
  { url, username, password }: Person,
  use: (ask: (request: object) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const signedIn = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: username, password }),
  })
  const { access_token: token } = (await signedIn.json()) as { access_token: string }
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  const frames: { t: string; id?: number }[] = []
  socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data))))
  const frame = (fits: (one: { t: string; id?: number }) => boolean) =>
    vi.waitUntil(() => frames.find(fits), patient)
  try {
    await frame(({ t }) => t === 'hello')
    socket.send(JSON.stringify({ t: 'auth', token }))
    await frame(({ t }) => t === 'ready')
    let count = 0
    await use(async (request) => {
      const id = ++count
      socket.send(JSON.stringify({ t: 'call', id, ...request }))
      const answer = await frame((one) => one.id === id)
      expect(answer.t, JSON.stringify(answer)).toBe('ok')
      return answer
    })
  } finally {
    socket.close()
  }
}
