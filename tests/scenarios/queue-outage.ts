/** The queue dies between a message and its telling: live talk goes on, and who was away is told once it is back, once. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { joinWithPush } from './push.ts'
import {
  createPeople,
  type Deployment,
  type People,
  type PushReceiving,
  type QueueKillable,
  type Topology,
  until,
} from './topology.ts'

/** The broker starts anew, and who lost it waits up to ten seconds between attempts. */
const BACK_WITHIN_MS = 90_000

export function describeQueueOutage(topology: Topology<QueueKillable & PushReceiving>): void {
  describe(`the queue of ${topology.name} dies`, () => {
    let deployment: Deployment & QueueKillable & PushReceiving
    let people: People
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    it('what was said meanwhile arrives at once, and is told and pushed once it is back, once', async () => {
      const [ann, bob, carl] = [await people.join('ann'), await people.join('bob'), await people.join('carl')]
      const usernames = [bob.username, carl.username]
      const { id: room } = await ann.parley.createRoom({ kind: 'group', name: 'Outage', usernames })
      await until(carl.parley.room(room), (found) => found !== undefined)
      const dora = await joinWithPush(people, deployment, 'dora')
      const alone = { kind: 'group', name: 'Pushed', usernames: [dora.username] } as const
      const { id: pushed } = await ann.parley.createRoom(alone)
      await until(dora.parley.room(pushed), (found) => found !== undefined)
      await Promise.all([bob.parley.stop(), dora.parley.stop()])
      const window = carl.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')

      const back = deployment.killQueue()
      const texts = Array.from({ length: 5 }, (_, n) => `${n} while it is away, @${bob.username}`)
      for (const body of texts) ann.parley.send(room, { body })
      ann.parley.send(pushed, { body: `for @${dora.username}` })
      await until(window, ({ items }) =>
        texts.every((text) => items.some((item) => item.type === 'message' && item.body === text)),
      )
      await back

      const later = await people.device(bob)
      const previews = () =>
        later.inbox
          .get()
          .items.filter((item) => item.kind === 'mention' && item.room === room)
          .map((item) => item.preview)
      await until(later.inbox, () => previews().length >= texts.length, BACK_WITHIN_MS)
      // What comes after it is told after it: by then a repetition would have been seen.
      const pushes = () =>
        dora.device.pushes.filter(({ data }) => data.kind === 'mention').map(({ data }) => data.text)
      await vi.waitUntil(() => pushes().length > 0, { timeout: BACK_WITHIN_MS })
      expect(pushes()).toEqual([`for @${dora.username}`])
      ann.parley.send(pushed, { body: `and after it, @${dora.username}` })
      ann.parley.send(room, { body: `and after it, @${bob.username}` })
      await until(later.inbox, () => previews().some((text) => text.startsWith('and after')), BACK_WITHIN_MS)
      await vi.waitUntil(() => pushes().length > 1, { timeout: BACK_WITHIN_MS })
      await later.inbox.reload()
      expect(previews()).toEqual([`and after it, @${bob.username}`, ...texts.toReversed()])
    }, 240_000)
  })
}
