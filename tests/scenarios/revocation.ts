/** What was taken away is gone at once, also at a front door that did not take it away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WAYS } from '../abuse/lib/links.ts'
import {
  expectStatus,
  type Json,
  newName,
  openRoom,
  type Person,
  say,
  signIn,
  signUp,
  type Target,
} from '../abuse/lib/people.ts'
import { connect, open } from '../abuse/lib/sockets.ts'
import type { Administrable, Deployment, Topology } from './topology.ts'

/** Between the answer to the one who revokes and the end of every connection of the device. */
const CLOSED_WITHIN_MS = 1_000
/** A machine that has other work, too, may be late now and then, but not every time. */
const TRIES = 3

const targetOf = (url: string): Target => ({ url, port: Number(new URL(url).port) })

async function currentDevice(person: Person): Promise<string> {
  const { devices } = (await person.ask('GET', '/auth/devices')).body as { devices: Json[] }
  return String(devices.find((device) => device.current === true)?.id)
}

export function describeRevocation(topology: Topology<Administrable>): void {
  describe(`revocation on ${topology.name}`, () => {
    let deployment: Deployment & Administrable
    /** Where things are taken away, and where those sit from whom they are taken. */
    let here: Target
    let there: Target
    let owner: Person
    beforeAll(async () => {
      deployment = await topology.start()
      here = targetOf(deployment.urls[0] ?? '')
      there = targetOf(deployment.urls.at(-1) ?? '')
      owner = await signUp(here, 'owner')
    })
    afterAll(() => deployment.stop())

    it('a revoked device loses every open connection within a second', async () => {
      const name = newName('lobby')
      await openRoom(owner, { name })
      let closedMs = Number.POSITIVE_INFINITY
      for (let tried = 0; tried < TRIES && closedMs > CLOSED_WITHIN_MS; tried++)
        closedMs = await revokeOne(name)
      expect(closedMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    })

    /** The milliseconds until the last connection of a stolen device was closed for that reason. */
    async function revokeOne(name: string): Promise<number> {
      const victim = await signUp(here, 'victim')
      const stolen = await signIn(there, victim)
      const lives = await Promise.all(WAYS.map((way) => way.open(there, stolen, name)))
      const device = await currentDevice(stolen)
      const startedAt = performance.now()
      expectStatus(await victim.ask('DELETE', `/auth/devices/${device}`), 204)
      const ends = await Promise.all(
        lives.map(async (live) => ({ code: await live.over, ms: performance.now() - startedAt })),
      )
      const closedMs = Math.round(Math.max(...ends.map((end) => end.ms)))
      console.log(JSON.stringify({ revocation: topology.name, closed_ms: closedMs }))
      for (const [index, end] of ends.entries()) expect(end.code, WAYS[index]?.name).toBe(4003)
      return closedMs
    }

    it('its token is refused at every door of every gateway within that second, and its owner is not', async () => {
      const victim = await signUp(here, 'victim')
      const stolen = await signIn(there, victim)
      const watch = await connect(there, stolen)
      expectStatus(await victim.ask('DELETE', `/auth/devices/${await currentDevice(stolen)}`), 204)
      await watch.closed
      for (const url of deployment.urls) {
        const target = targetOf(url)
        const at = (path: string) =>
          fetch(`${url}${path}`, { headers: { authorization: `Bearer ${stolen.token}` } })
        for (const path of ['/api/v1/users/me', '/api/v1/stream', '/api/v1/stream?poll=1']) {
          const answer = await at(path)
          expect(answer.status, path).toBe(401)
          await answer.body?.cancel()
        }
        const headers = { Authorization: `Bearer ${stolen.token}` }
        expect((await (await open(target, { headers })).closed).code).toBe(4001)
        const first = await open(target)
        first.send({ t: 'auth', token: stolen.token })
        expect((await first.closed).code).toBe(4001)
        for (const path of ['/ws/anywhere', '/ws/join-notification/']) {
          const seed = await open(target, { path, headers })
          expect((await seed.closed).code, path).toBe(1008)
        }
        const mine = await connect(target, victim)
        expect((await mine.request('ping')).t).toBe('ok')
        mine.cut()
      }
    })

    it('who becomes a reader has the very next frame refused', async () => {
      const writer = await signUp(there, 'writer')
      const room = await openRoom(owner, { kind: 'group', usernames: [writer.username] })
      const wire = await connect(there, writer)
      const send = (body: string) => wire.request('send', { room, client_id: newName('client'), body })
      expect((await send('allowed')).t).toBe('ok')
      expectStatus(
        await owner.ask('PATCH', `/rooms/${room}/members/${writer.id}`, { body: { role: 'reader' } }),
        200,
      )
      expect((await send('not any more')).code).toBe('forbidden')
      wire.cut()
    })

    it('a permission that an administrator takes away holds for the very next request', async () => {
      const admin = await signUp(here, 'admin')
      const code = await deployment.setupCode()
      expectStatus(await admin.ask('POST', '/admin/setup', { body: { code } }), 204)
      const inviter = await signUp(there, 'inviter')
      const [one, other] = [await signUp(there, 'one'), await signUp(there, 'other')]
      const room = await openRoom(inviter, { kind: 'group', usernames: [] })
      const invite = (person: Person) =>
        inviter.ask('POST', `/rooms/${room}/members`, { body: { username: person.username } })
      expectStatus(await invite(one), 201)
      const setInvite = (may: boolean) =>
        admin.ask('PATCH', '/admin/permissions', { body: { permissions: { invite: may } } })
      expectStatus(await setInvite(false), 200)
      expect((await invite(other)).code).toBe('forbidden')
      expectStatus(await setInvite(true), 200)
      expectStatus(await invite(other), 201)
    })

    it('a removed member receives nothing that is said afterwards, and the others do', async () => {
      const removed = await signUp(there, 'removed')
      const stays = await signUp(there, 'stays')
      const room = await openRoom(owner, { kind: 'group', usernames: [removed.username, stays.username] })
      const [wire, other] = [await connect(there, removed), await connect(there, stays)]
      const said = (body: string) => (frame: Json) => frame.t === 'entry' && frame.body === body
      await say(owner, room, 'before')
      await wire.next(said('before'))
      expectStatus(await owner.ask('DELETE', `/rooms/${room}/members/${removed.id}`), 204)
      // Not waited for: what is said at once must not reach them either.
      await say(owner, room, 'after')
      await other.next(said('after'))
      await wire.next((frame) => frame.t === 'room' && frame.change === 'removed')
      // The answer to a later request comes behind everything that was owed before.
      const send = await wire.request('send', { room, client_id: newName('client'), body: 'still here?' })
      expect(send.code).toBe('not_found')
      expect(JSON.stringify(wire.frames)).not.toContain('"after"')
      wire.cut()
      other.cut()
    })
  })
}
