/** Nobody misses anything: mentions, what was muted, what was read elsewhere, and coming back after a long time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { soonAway } from './presence.ts'
import { createPeople, type Deployment, type People, type Person, type Topology, until } from './topology.ts'

/** Work may lie a moment with the relay and the queue, and who is connected is waited for. */
const TOLD_WITHIN_MS = 25_000

export function describeNotifications(topology: Topology): void {
  // Each body has a Bob and rooms of its own, and waits for seconds until somebody is told.
  describe.concurrent(`notifications on ${topology.name}`, () => {
    let deployment: Deployment
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

    async function groupOf(...others: Person[]): Promise<string> {
      const usernames = others.map((other) => other.username)
      const room = await ann.parley.createRoom({ kind: 'group', name: 'Told', usernames })
      for (const other of others) await until(other.parley.room(room.id), (found) => found !== undefined)
      return room.id
    }

    /** Connected, and nobody looks. */
    async function lookAway(person: Person): Promise<void> {
      const end = ann.parley.watch([person.id])
      person.parley.setAttention(false)
      await until(ann.parley.presence(person.id), (presence) => presence?.state === 'away')
      end()
    }

    /** Sends in order and waits until all of it is stored. */
    async function say(room: string, ...bodies: string[]): Promise<void> {
      const window = ann.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      const keys = bodies.map((body) => ann.parley.send(room, { body }))
      await until(window, ({ items }) =>
        keys.every((key) =>
          items.some((item) => item.type === 'message' && item.key === key && item.seq !== null),
        ),
      )
    }

    /** What the inbox says of this room, once it satisfies the condition. */
    async function told(person: Person, room: string, isEnough: (previews: string[]) => boolean) {
      const previewsOf = () =>
        person.parley.inbox
          .get()
          .items.filter((item) => item.room === room && item.kind !== 'added')
          .map((item) => item.preview)
      await until(person.parley.inbox, () => isEnough(previewsOf()), TOLD_WITHIN_MS)
      return previewsOf()
    }

    it('who was away finds the mention in the inbox on return, once', async () => {
      const bob = await people.join('bob')
      const room = await groupOf(bob)
      await bob.parley.stop()
      await say(room, 'nothing for you', `this is for @${bob.username}`, 'nor is this')
      const back = { ...bob, parley: await people.device(bob) }
      expect(await told(back, room, (previews) => previews.length > 0)).toEqual([
        `this is for @${bob.username}`,
      ])
      await say(room, `the last one, @${bob.username}`)
      expect(await told(back, room, (previews) => previews.length > 1)).toEqual([
        `the last one, @${bob.username}`,
        `this is for @${bob.username}`,
      ])
    })

    it('being added, an answer and a direct message are told to who is connected', async () => {
      const bob = await people.join('bob', { clock: soonAway })
      const { inbox } = bob.parley
      const room = await groupOf(bob)
      await until(
        inbox,
        ({ items }) =>
          items.some((item) => item.kind === 'added' && item.room === room && item.preview === 'Told'),
        TOLD_WITHIN_MS,
      )
      const key = bob.parley.send(room, { body: 'a question' })
      const window = ann.parley.timeline(room)
      const { items } = await until(window, (state) =>
        state.items.some((item) => item.type === 'message' && item.body === 'a question'),
      )
      const question = items.find((item) => item.type === 'message' && item.body === 'a question')
      ann.parley.send(room, { body: 'an answer', reply_to: question?.seq ?? 0 })
      await until(inbox, (state) => state.items.some((item) => item.kind === 'reply'), TOLD_WITHIN_MS)
      expect(key).not.toBe('')
      const direct = await ann.parley.createRoom({ kind: 'direct', usernames: [bob.username] })
      await lookAway(bob)
      await say(direct.id, 'between us')
      const state = await until(
        inbox,
        (found) => found.items.some((item) => item.kind === 'direct' && item.preview === 'between us'),
        TOLD_WITHIN_MS,
      )
      expect(state.unread).toBe(state.items.filter((item) => item.read_at === undefined).length)
    })

    it('the setting of the room is obeyed: nothing, what concerns me, everything', async () => {
      const bob = await people.join('bob', { clock: soonAway })
      const [muted, mentions, all] = [await groupOf(bob), await groupOf(bob), await groupOf(bob)]
      await bob.parley.setNotifyLevel(muted, 'none')
      await bob.parley.setNotifyLevel(all, 'all')
      expect(await bob.parley.notifyLevel(mentions)).toBe('mentions')
      await lookAway(bob)
      for (const room of [muted, mentions, all]) await say(room, 'plain', `named @${bob.username}`)
      expect(await told(bob, all, (previews) => previews.length > 1)).toEqual([
        `named @${bob.username}`,
        'plain',
      ])
      expect(await told(bob, mentions, (previews) => previews.length > 0)).toEqual([`named @${bob.username}`])
      expect(await told(bob, muted, () => true)).toEqual([])
    })

    it('a removed member is told nothing of later messages and shown nothing of earlier ones', async () => {
      const bob = await people.join('bob')
      const [room, other] = [await groupOf(bob), await groupOf(bob)]
      await bob.parley.stop()
      await say(room, `before @${bob.username}`)
      const back = { ...bob, parley: await people.device(bob) }
      await told(back, room, (previews) => previews.includes(`before @${bob.username}`))
      await ann.parley.removeMember(room, bob.id)
      await say(room, `after @${bob.username}`)
      // What is said elsewhere afterwards arrives: then the other would have arrived as well.
      await say(other, `elsewhere @${bob.username}`)
      await told(back, other, (previews) => previews.length > 0)
      await back.parley.inbox.reload()
      expect(await told(back, room, () => true)).toEqual([''])
      const unread = (count: number) =>
        until(back.parley.inbox, (state) => state.unread === count, TOLD_WITHIN_MS)
      // The addition to the other group and what was said there; it goes with the group, and nobody asks for the list.
      await unread(2)
      await ann.parley.deleteRoom(other)
      await unread(0)
    })

    it('what is read on one device is read on the other, in the inbox and in the room', async () => {
      const bob = await people.join('bob')
      const elsewhere = deployment.urls.find((url) => url !== bob.url) ?? bob.url
      const room = await groupOf(bob)
      const second = await people.device(bob, { baseUrl: elsewhere })
      const inboxes = [bob.parley.inbox, second.inbox] as const
      const unread = (count: number) =>
        Promise.all(
          inboxes.map((inbox) =>
            until(
              inbox,
              ({ unread, items }) =>
                unread === count && items.filter((item) => item.read_at === undefined).length === count,
              TOLD_WITHIN_MS,
            ),
          ),
        )
      await unread(1)
      await say(room, `one @${bob.username}`, `two @${bob.username}`, `three @${bob.username}`)
      const [state] = await unread(4)
      const two = state?.items.find((item) => item.preview.startsWith('two'))
      await bob.parley.inbox.read([two?.id ?? ''])
      await unread(3)
      expect(second.inbox.get().items.find((item) => item.id === two?.id)?.read_at).toBeDefined()
      const one = state?.items.find((item) => item.preview.startsWith('one'))
      second.markRead(room, one?.seq ?? 0)
      // The addition is older than the message that was read.
      await unread(1)
      await second.inbox.read('all')
      await unread(0)
    })

    it('quiet hours keep what came in the inbox, without an alert', async () => {
      const bob = await people.join('bob')
      const room = await groupOf(bob)
      await until(bob.parley.inbox, ({ alert }) => alert?.kind === 'added', TOLD_WITHIN_MS)
      const quiet = { from: '00:00', to: '00:00', time_zone: 'Asia/Ho_Chi_Minh' }
      expect(await bob.parley.setNotificationSettings({ quiet_hours: quiet })).toMatchObject({
        do_not_disturb_until: null,
        quiet_hours: quiet,
      })
      await say(room, `psst @${bob.username}`)
      await told(bob, room, (previews) => previews.length > 0)
      expect(bob.parley.inbox.get().alert?.kind).toBe('added')
      expect((await bob.parley.setNotificationSettings({ quiet_hours: null })).quiet_hours).toBeNull()
    })
  })
}
