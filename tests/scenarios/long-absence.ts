/** Away for more than a week: what was missed is there on return, in order, once, and one is still signed in. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Ageable,
  createPeople,
  type Deployment,
  type People,
  storedBodies,
  type Topology,
  until,
} from './topology.ts'

const DAY_MS = 86_400_000
/** More than one answer of a resume lists. */
const MESSAGES_A_DAY = 130
const TOLD_WITHIN_MS = 25_000

export function describeLongAbsence(topology: Topology<Ageable>): void {
  describe(`away for eight days on ${topology.name}`, () => {
    let deployment: Deployment & Ageable
    let people: People
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    it('the old device and a new one have everything, in order, once, and the inbox says what concerned one', async () => {
      const [ann, bob] = [await people.join('ann'), await people.join('bob')]
      const { id: room } = await ann.parley.createRoom({
        kind: 'group',
        name: 'Away',
        usernames: [bob.username],
      })
      const signedIn = await askAuth(bob.url, 'login', { login: bob.username, password: bob.password })
      const window = bob.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      const said = [...(await say('before', 1))]
      await until(window, () => storedBodies(bob.parley, room).length === said.length)
      await bob.parley.stop()
      for (const day of ['first', 'fourth']) {
        said.push(
          ...(await say(`${day} day`, MESSAGES_A_DAY)),
          ...(await say(`${day} day, @${bob.username}`, 1)),
        )
        await deployment.age(4 * DAY_MS)
      }

      const fresh = await people.device(bob)
      const summary = await until(fresh.room(room), (found) => found !== undefined)
      expect([summary?.me?.unread, summary?.last_message?.body]).toEqual([100, said.at(-1)])
      expect(Date.now() - (summary?.last_message?.at ?? Number.NaN)).toBeGreaterThan(4 * DAY_MS)
      await bob.parley.start()
      await until(window, () => storedBodies(bob.parley, room).includes(said.at(-1) ?? ''))
      for (const parley of [fresh, bob.parley]) {
        const opened = parley.timeline(room)
        await until(opened, (state) => state.status === 'ready')
        while (opened.get().hasOlder) await opened.loadOlder()
        expect(storedBodies(parley, room)).toEqual(said)
      }
      const mentions = () =>
        fresh.inbox
          .get()
          .items.filter((item) => item.kind === 'mention')
          .map((item) => item.preview.split(',')[0])
      await until(fresh.inbox, () => mentions().length > 1, TOLD_WITHIN_MS)
      expect(mentions()).toEqual(['fourth day', 'first day'])
      // What a device keeps when it is closed is its refresh token.
      const { user } = await askAuth(bob.url, 'refresh', { refresh_token: signedIn.refresh_token })
      expect(user?.id).toBe(bob.id)

      /** Resolves with what was said once all of it is stored. */
      async function say(text: string, count: number): Promise<string[]> {
        const bodies = Array.from({ length: count }, (_, n) => `${text}, ${n}`)
        for (const body of bodies) ann.parley.send(room, { body })
        const timeline = ann.parley.timeline(room)
        await until(timeline, () => {
          const stored = new Set(storedBodies(ann.parley, room))
          return bodies.every((body) => stored.has(body))
        })
        return bodies
      }
    })
  })
}

interface SignedIn {
  readonly refresh_token?: string
  readonly user?: { readonly id: string }
}

async function askAuth(url: string, verb: 'login' | 'refresh', body: object): Promise<SignedIn> {
  const response = await fetch(`${url}/api/v1/auth/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as SignedIn
}
