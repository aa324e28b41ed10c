/** Who is there, who types, who has received and read what: seen from another front door. */
import type { CreateParleyOptions } from '@parley/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPeople, type Deployment, type People, type Person, type Topology, until } from './topology.ts'

/** The SDK waits this long before somebody who does not look counts as away. */
const AWAY_AFTER_MS = 5 * 60_000

/** A clock on which just that wait is over at once. */
export const soonAway: NonNullable<CreateParleyOptions['clock']> = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs === AWAY_AFTER_MS ? 0 : delayMs)
    return () => clearTimeout(timer)
  },
}

export function describePresence(topology: Topology): void {
  // Each body waits for graces of seconds; none touches what another looks at.
  describe.concurrent(`presence on ${topology.name}`, () => {
    let deployment: Deployment
    let people: People
    let ann: Person
    let bob: Person
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
      ann = await people.join('ann')
      bob = await people.join('bob', { clock: soonAway })
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    async function directRoom(): Promise<string> {
      const room = await ann.parley.createRoom({ kind: 'direct', usernames: [bob.username] })
      await until(bob.parley.room(room.id), (found) => found !== undefined)
      return room.id
    }

    it('online, away and online again are seen by who watches, on both sides', async () => {
      const ends = [ann.parley.watch([bob.id]), bob.parley.watch([ann.id])]
      const seen = ann.parley.presence(bob.id)
      await until(seen, (presence) => presence?.state === 'online')
      await until(bob.parley.presence(ann.id), (presence) => presence?.state === 'online')
      bob.parley.setAttention(false)
      await until(seen, (presence) => presence?.state === 'away')
      bob.parley.setAttention(true)
      await until(seen, (presence) => presence?.state === 'online')
      for (const end of ends) end()
    })

    it('somebody is offline once the last device is gone, whichever door it used', async () => {
      const carl = await people.join('carl')
      const elsewhere = deployment.urls.find((url) => url !== carl.url) ?? carl.url
      const second = await people.device(carl, { baseUrl: elsewhere })
      const dave = await people.join('dave')
      const end = ann.parley.watch([carl.id, dave.id])
      const seen = ann.parley.presence(carl.id)
      const states = new Set<string | undefined>()
      await until(seen, (presence) => presence?.state === 'online')
      const unsubscribe = seen.subscribe(() => states.add(seen.get()?.state))
      await until(ann.parley.presence(dave.id), (presence) => presence?.state === 'online')
      await carl.parley.stop()
      // Dave leaves after Carl and for good: when that is seen, the grace of Carl's first device is over, too.
      await dave.parley.stop()
      await until(ann.parley.presence(dave.id), (presence) => presence?.state === 'offline')
      expect([...states].filter((state) => state !== 'online')).toEqual([])
      const leftAt = Date.now()
      await second.stop()
      const last = await until(seen, (presence) => presence?.state === 'offline')
      expect(last?.last_seen_at).toBeGreaterThan(leftAt - 5_000)
      unsubscribe()
      end()
    })

    it('typing is seen by the others and ends by itself', async () => {
      const room = await directRoom()
      bob.parley.typing(room)
      await until(ann.parley.room(room), (found) => found?.typing.includes(bob.id) === true)
      await until(ann.parley.room(room), (found) => found?.typing.length === 0)
      expect(bob.parley.room(room).get()?.typing).toEqual([])
    })

    it('the author sees a message delivered before it is read, and read once it was', async () => {
      const room = await directRoom()
      const window = ann.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      const key = ann.parley.send(room, { body: 'have you seen this?' })
      const stateIs = (wanted: string) =>
        until(window, (state) =>
          state.items.some((item) => item.type === 'message' && item.key === key && item.state === wanted),
        )
      // Bob's client says by itself that it has it; nobody has looked yet.
      await stateIs('delivered')
      const head = bob.parley.room(room).get()?.head_seq ?? 0
      bob.parley.markRead(room, head)
      await stateIs('read')
      expect(ann.parley.room(room).get()?.marks[bob.id]).toEqual({ delivered: head, read: head })
    })
  })
}
