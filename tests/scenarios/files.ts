/** People send files: who gets the bytes, and who does not any more. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makePng } from '../support/pictures.ts'
import { createPeople, type Deployment, type People, type Person, type Topology, until } from './topology.ts'

export function describeFiles(topology: Topology): void {
  describe(`files on ${topology.name}`, () => {
    let deployment: Deployment
    let people: People
    let ann: Person
    let bob: Person
    let eve: Person
    const tokens = new Map<Person, string>()
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
      ann = await people.join('ann')
      bob = await people.join('bob')
      eve = await people.join('eve')
      for (const person of [ann, bob, eve]) tokens.set(person, await tokenOf(person))
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    const picture = () => new Blob([makePng(320, 200)], { type: 'text/plain' })

    async function groupOf(...others: Person[]): Promise<string> {
      const room = await ann.parley.createRoom({
        kind: 'group',
        name: 'Pictures',
        usernames: others.map((other) => other.username),
      })
      for (const other of others) await until(other.parley.room(room.id), (found) => found !== undefined)
      return room.id
    }

    function get(person: Person, id: string, variant = '', headers: Record<string, string> = {}) {
      return fetch(`${person.url}/api/v1/files/${id}${variant}`, {
        headers: { authorization: `Bearer ${tokens.get(person)}`, ...headers },
      })
    }
    const statusOf = async (person: Person, id: string) => {
      const response = await get(person, id)
      await response.arrayBuffer()
      return response.status
    }

    /** A message of Ann's with a file; resolves when Bob has it. */
    async function sendFile(room: string, body = '') {
      const file = await ann.parley.upload(picture(), { name: 'hồ Tây.png' })
      const window = bob.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      ann.parley.send(room, { body, files: [file] })
      const { items } = await until(window, (state) =>
        state.items.some((item) => item.type === 'message' && item.files?.some(({ id }) => id === file.id)),
      )
      const message = items.findLast((item) => item.type === 'message')
      return { file, seq: message?.seq ?? 0 }
    }

    it('a picture arrives with its facts, its bytes, its thumbnail and by ranges', async () => {
      const room = await groupOf(bob)
      const { file } = await sendFile(room)
      expect(file).toMatchObject({ name: 'hồ Tây.png', type: 'image/png', width: 320, height: 200 })
      const whole = await get(bob, file.id)
      expect(whole.status).toBe(200)
      expect(whole.headers.get('content-type')).toBe('image/png')
      const bytes = Buffer.from(await whole.arrayBuffer())
      expect(bytes.length).toBe(file.bytes)
      const part = await get(bob, file.id, '', { range: 'bytes=2-5' })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 2-5/${file.bytes}`])
      expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(2, 6))
      const small = await get(bob, file.id, '/thumbnail')
      expect([small.status, small.headers.get('content-type')]).toEqual([200, 'image/webp'])
      await small.arrayBuffer()
    })

    it('an outsider, a stranger to the server and a removed member get nothing', async () => {
      const room = await groupOf(bob)
      const { file } = await sendFile(room)
      expect(await statusOf(eve, file.id)).toBe(404)
      const stranger = await fetch(`${ann.url}/api/v1/files/${file.id}`)
      expect([stranger.status, await stranger.text()]).toEqual([
        401,
        expect.stringContaining('unauthenticated'),
      ])
      expect(await statusOf(bob, file.id)).toBe(200)
      await ann.parley.removeMember(room, bob.id)
      expect(await statusOf(bob, file.id)).toBe(404)
      expect(await statusOf(ann, file.id)).toBe(200)
    })

    it('deleting the last message that carries a file takes it away from everybody', async () => {
      const room = await groupOf(bob)
      const { file, seq } = await sendFile(room, 'look')
      await ann.parley.remove(room, seq)
      expect(await statusOf(bob, file.id)).toBe(404)
      // For its sender the files service hears of it, a moment later.
      await vi.waitUntil(async () => (await statusOf(ann, file.id)) === 404, { timeout: 10_000 })
      const { items } = await until(bob.parley.timeline(room), (state) =>
        state.items.some((item) => item.type === 'message' && item.deleted === true),
      )
      expect(JSON.stringify(items)).not.toContain(file.id)
    })

    it('nobody sends what another uploaded', async () => {
      const room = await groupOf(bob)
      const file = await ann.parley.upload(picture(), { name: 'mine.png' })
      const window = bob.parley.timeline(room)
      await until(window, (state) => state.status === 'ready')
      bob.parley.send(room, { body: 'taken', files: [file] })
      const { items } = await until(window, (state) =>
        state.items.some((item) => item.type === 'message' && item.state === 'failed'),
      )
      expect(items.findLast((item) => item.type === 'message')?.seq).toBeNull()
      expect(await statusOf(bob, file.id)).toBe(404)
    })

    it('an avatar is seen by everybody signed in, until it is another one', async () => {
      const file = await ann.parley.upload(picture(), { name: 'me.png' })
      expect(await statusOf(eve, file.id)).toBe(404)
      const user = await ann.parley.updateMe({ avatar_file_id: file.id })
      expect(user.avatar_url).toContain(file.id)
      expect(await statusOf(eve, file.id)).toBe(200)
      await ann.parley.updateMe({ avatar_file_id: null })
      expect(await statusOf(eve, file.id)).toBe(404)
    })
  })
}

async function tokenOf({ url, username, password }: Person): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: username, password }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}
