/** People talk: order, receipts, unread counts, changes, membership, revocation, the stand-by link. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createPeople,
  type Deployment,
  type People,
  type Person,
  storedBodies,
  type Topology,
  until,
} from './topology.ts'

export function describeTalk(topology: Topology): void {
  describe(`talk on ${topology.name}`, () => {
    let deployment: Deployment
    let people: People
    let ann: Person
    let bob: Person
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
      ann = await people.join('ann')
      bob = await people.join('bob')
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    async function groupOf(...others: Person[]): Promise<string> {
      const room = await ann.parley.createRoom({
        kind: 'group',
        name: 'Scenario',
        usernames: others.map((other) => other.username),
      })
      for (const other of others) await until(other.parley.room(room.id), (found) => found !== undefined)
      return room.id
    }

    it('everybody sees the same messages in the same order, the sender too', async () => {
      const room = await groupOf(bob)
      const windows = [ann, bob].map((person) => person.parley.timeline(room))
      for (const window of windows) await until(window, (state) => state.status === 'ready')
      for (let n = 0; n < 20; n++) {
        ann.parley.send(room, { body: `ann ${n}` })
        bob.parley.send(room, { body: `bob ${n}` })
      }
      for (const window of windows)
        await until(
          window,
          (state) => state.items.filter((item) => item.type === 'message' && item.seq !== null).length === 40,
        )
      const [annSees, bobSees] = [storedBodies(ann.parley, room), storedBodies(bob.parley, room)]
      expect(annSees).toEqual(bobSees)
      expect(annSees.filter((body) => body.startsWith('ann'))).toEqual(
        Array.from({ length: 20 }, (_, n) => `ann ${n}`),
      )
    })

    it('edits, reactions, pins and deletions applied live equal a fresh fetch', async () => {
      const room = await groupOf(bob)
      const [annWindow, bobWindow] = [ann.parley.timeline(room), bob.parley.timeline(room)]
      await Promise.all(
        [annWindow, bobWindow].map((window) => until(window, (state) => state.status === 'ready')),
      )
      for (const body of ['first', 'second', 'third']) ann.parley.send(room, { body })
      const sent = await until(
        bobWindow,
        (state) => state.items.filter((item) => item.type === 'message' && item.seq !== null).length === 3,
      )
      const seqs = sent.items.flatMap((item) =>
        item.type === 'message' && item.seq !== null ? [item.seq] : [],
      )
      const [first = 0, second = 0, third = 0] = seqs
      await ann.parley.edit(room, first, 'first, corrected')
      await bob.parley.react(room, first, '👍')
      await ann.parley.react(room, first, '🎉')
      await bob.parley.pin(room, second)
      await ann.parley.remove(room, third)
      await until(bobWindow, (state) =>
        state.items.some((item) => item.type === 'message' && item.seq === third && item.deleted === true),
      )
      const visible = (state: ReturnType<typeof bobWindow.get>) =>
        state.items.flatMap((item) => {
          if (item.type !== 'message') return []
          const { key: _key, state: _state, type: _type, ...message } = item
          return [message]
        })
      const live = visible(bobWindow.get())
      const later = await people.device(bob)
      const fresh = later.timeline(room)
      await until(fresh, (state) => state.status === 'ready' && state.items.length > 0)
      expect(visible(fresh.get())).toEqual(live)
      expect(live.map((message) => [message.body, message.deleted ?? false])).toEqual([
        ['first, corrected', false],
        ['second', false],
        ['', true],
      ])
    })

    it('unread counts and receipts follow reading, on every device', async () => {
      const room = await groupOf(bob)
      const second = await people.device(bob)
      const key = ann.parley.send(room, { body: 'read me' })
      const unread = await until(second.room(room), (found) => found?.me?.unread === 1)
      await until(bob.parley.room(room), (found) => found?.me?.unread === 1)
      const annWindow = ann.parley.timeline(room)
      bob.parley.markRead(room, unread?.head_seq ?? 0)
      await until(second.room(room), (found) => found?.me?.unread === 0)
      await until(annWindow, (state) =>
        state.items.some((item) => item.type === 'message' && item.key === key && item.state === 'read'),
      )
    })

    it('presence and typing reach those who look', async () => {
      const room = await groupOf(bob)
      const end = ann.parley.watch([bob.id])
      await until(ann.parley.presence(bob.id), (presence) => presence?.state === 'online')
      bob.parley.typing(room)
      await until(ann.parley.room(room), (found) => found?.typing.includes(bob.id) === true)
      end()
    })

    it('what was missed while away arrives in order and once', async () => {
      const room = await groupOf(bob)
      const window = bob.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      const away = await people.join('away')
      await ann.parley.addMember(room, away.username)
      await until(away.parley.room(room), (found) => found !== undefined)
      await away.parley.stop()
      for (let n = 0; n < 120; n++) ann.parley.send(room, { body: `missed ${n}` })
      await until(window, (state) =>
        state.items.some(
          (item) => item.type === 'message' && item.body === 'missed 119' && item.seq !== null,
        ),
      )
      const back = await people.device(away)
      await until(back.room(room), (found) => found?.me?.unread === 100)
      const backWindow = back.timeline(room)
      await until(backWindow, (state) => state.status === 'ready' && state.items.length > 0)
      while (backWindow.get().hasOlder) await backWindow.loadOlder()
      expect(storedBodies(back, room)).toEqual(Array.from({ length: 120 }, (_, n) => `missed ${n}`))
    })

    it('a removed member gets nothing more, at once, on the open connection', async () => {
      const room = await groupOf(bob)
      const eve = await people.join('eve')
      await ann.parley.addMember(room, eve.username)
      await until(eve.parley.room(room), (found) => found !== undefined)
      const window = eve.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      await ann.parley.removeMember(room, eve.id)
      ann.parley.send(room, { body: 'without eve' })
      await until(bob.parley.room(room), (found) => found?.last_message?.body === 'without eve')
      await until(eve.parley.room(room), (found) => found === undefined)
      expect(storedBodies(eve.parley, room)).not.toContain('without eve')
      await expect(eve.parley.members(room)).rejects.toMatchObject({ code: 'not_found' })
    })

    it('a revoked device is signed out at once, and only that one', async () => {
      const second = await people.device(bob)
      const devices = await second.devices()
      const own = devices.find((device) => device.current)
      await bob.parley.revokeDevice(own?.id ?? '')
      expect(await until(second.session, (session) => session.status === 'signed_out', 5_000)).toMatchObject({
        reason: 'revoked',
      })
      expect(bob.parley.session.get().status).toBe('signed_in')
    })

    it('where WebSocket is blocked the same client talks over the stand-by link by itself', async () => {
      class Blocked extends EventTarget {
        readonly readyState = 3
        binaryType = 'arraybuffer'
        onopen: ((event: never) => void) | null = null
        onmessage: ((event: never) => void) | null = null
        onerror: ((event: never) => void) | null = null
        onclose: ((event: never) => void) | null = null
        constructor() {
          super()
          queueMicrotask(() => {
            const event = Object.assign(new Event('close'), { code: 1006, reason: '' })
            this.dispatchEvent(event)
            this.onclose?.(event as never)
          })
        }
        send() {}
        close() {}
      }
      const carl = await people.join('carl', { WebSocket: Blocked as never })
      expect(carl.parley.connection.get().transport).toBe('stream')
      const room = await groupOf(bob, carl)
      const window = carl.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      carl.parley.send(room, { body: 'over the stand-by link' })
      ann.parley.send(room, { body: 'over the socket' })
      await until(
        window,
        (state) => state.items.filter((item) => item.type === 'message' && item.seq !== null).length === 2,
      )
      expect(storedBodies(carl.parley, room).sort()).toEqual(['over the socket', 'over the stand-by link'])
    })
  })
}
