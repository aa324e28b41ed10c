/** Old messages: in the archive they are as everywhere; deleted by retention they are nowhere. */
import type { TimelineItem } from '@parley/sdk/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomJobs } from '../support/room-jobs.ts'
import {
  createPeople,
  type Deployment,
  type People,
  type Person,
  storedBodies,
  type Topology,
  until,
} from './topology.ts'

const OLD = 60
const YOUNG = 10
const all = Array.from({ length: OLD + YOUNG }, (_, i) => `message ${i + 1}`)

export function describeOldMessages(topology: Topology<RoomJobs>): void {
  describe(`old messages on ${topology.name}`, () => {
    let deployment: Deployment & RoomJobs
    let people: People
    let ann: Person
    let bob: Person
    let room: string
    /** Of the first message; the others follow. */
    let first: number
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
      ann = await people.join('ann')
      bob = await people.join('bob')
      const made = await ann.parley.createRoom({ kind: 'group', name: 'Old talk', usernames: [bob.username] })
      room = made.id
      first = made.head_seq + 1
      const window = ann.parley.timeline(room)
      await until(window, ({ status }) => status === 'ready')
      ann.parley.send(room, { body: `message 1 @${bob.username}` })
      for (const body of all.slice(1)) ann.parley.send(room, { body })
      await until(window, () => storedBodies(ann.parley, room).length === all.length)
      all[0] = `message 1 @${bob.username}`
      await until(bob.parley.inbox, ({ items }) =>
        items.some((item) => item.room === room && item.kind === 'mention'),
      )
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    const seqOf = (n: number) => first + n - 1
    const find = (items: readonly TimelineItem[], seq: number) =>
      items.find((item) => item.type === 'message' && item.seq === seq)

    it('archived history scrolls, and is changed and found as any other', async () => {
      await deployment.ageRoom(room, seqOf(OLD), 400)
      await deployment.runJob('archive')
      expect(await deployment.countArchived(room)).toBe(seqOf(OLD))

      const window = bob.parley.timeline(room)
      await until(window, ({ status }) => status === 'ready')
      while (window.get().hasOlder) await window.loadOlder()
      expect(storedBodies(bob.parley, room)).toEqual(all)

      await ann.parley.edit(room, seqOf(5), 'an archived thought')
      await bob.parley.react(room, seqOf(6), '👍')
      await ann.parley.remove(room, seqOf(7))
      await until(window, ({ items }) => {
        const deleted = find(items, seqOf(7))
        return deleted?.type === 'message' && deleted.deleted === true
      })
      const device = await people.device(bob)
      const elsewhere = device.timeline(room)
      await until(elsewhere, ({ status }) => status === 'ready')
      await elsewhere.openAround(seqOf(6))
      const { items } = elsewhere.get()
      expect(find(items, seqOf(5))).toMatchObject({ body: 'an archived thought' })
      expect(find(items, seqOf(6))).toMatchObject({ reactions: [{ emoji: '👍', count: 1, mine: true }] })
      expect(find(items, seqOf(7))).toMatchObject({ body: '', deleted: true })
      const found = await device.searchMessages({ query: 'archived thought', room })
      expect(found.items.map(({ seq }) => seq)).toEqual([seqOf(5)])
      expect((await device.searchMessages({ query: 'message 7', room })).items.map(({ seq }) => seq)).toEqual(
        [seqOf(70)],
      )
    })

    it('what a room does not keep goes from every screen, inbox and search, and it goes on', async () => {
      const window = bob.parley.timeline(room)
      await window.openLatest()
      await until(window, ({ status }) => status === 'ready')
      while (window.get().hasOlder) await window.loadOlder()
      await expect(bob.parley.setRoomStorage(room, { retention_days: 30 })).rejects.toMatchObject({
        code: 'forbidden',
      })
      await ann.parley.setRoomStorage(room, { retention_days: 30 })
      await deployment.runJob('retention')
      await until(window, () => storedBodies(bob.parley, room).length === YOUNG)
      expect(storedBodies(bob.parley, room)).toEqual(all.slice(OLD))
      expect(window.get().hasOlder).toBe(false)
      await until(bob.parley.inbox, ({ items }) =>
        items.every((item) => item.room !== room || item.seq > seqOf(OLD)),
      )
      expect(await deployment.countArchived(room)).toBe(0)
      expect(
        (await bob.parley.searchMessages({ query: 'message 6', room })).items.map(({ seq }) => seq),
      ).toEqual([69, 68, 67, 66, 65, 64, 63, 62, 61].map(seqOf))
      const device = await people.device(bob)
      const elsewhere = device.timeline(room)
      await until(elsewhere, ({ status }) => status === 'ready')
      expect(storedBodies(device, room)).toEqual(all.slice(OLD))
      ann.parley.send(room, { body: 'and on' })
      await until(window, () => storedBodies(bob.parley, room).includes('and on'))
    })
  })
}
