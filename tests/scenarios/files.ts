/** People send files: who gets the bytes, and who does not any more. */
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makePng } from '../support/pictures.ts'
import {
  createPeople,
  type Deployment,
  type FileKeeping,
  type People,
  type Person,
  type Topology,
  until,
} from './topology.ts'

export function describeFiles(topology: Topology<FileKeeping>): void {
  describe(`files on ${topology.name}`, () => {
    let deployment: Deployment & FileKeeping
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

    function get(
      person: Person,
      id: string,
      variant = '',
      headers: Record<string, string> = {},
      method = 'GET',
    ) {
      return fetch(`${person.url}/api/v1/files/${id}${variant}`, {
        method,
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
      const head = await get(bob, file.id, '', {}, 'HEAD')
      expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
        200,
        `${file.bytes}`,
        '',
      ])
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

    it('what is no good file is refused by its rule, and at once', async () => {
      const [damaged, empty] = [picture().slice(0, 60), new Blob([])]
      const rules = [
        [damaged, 'picture_damaged'],
        [empty, 'empty'],
      ] as const
      for (const [content, rule] of rules)
        await expect(ann.parley.upload(content, { name: 'bad.png' })).rejects.toMatchObject({
          code: 'file_refused',
          details: { rule },
        })
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
      const { avatar_url } = await ann.parley.updateMe({ avatar_file_id: file.id })
      const avatar = avatar_url?.split('/').at(-1) ?? ''
      expect(await statusOf(eve, avatar)).toBe(200)
      // What it was made from is nobody else's.
      expect(await statusOf(eve, file.id)).toBe(404)
      await ann.parley.updateMe({ avatar_file_id: null })
      expect(await statusOf(eve, avatar)).toBe(404)
    })

    it('a room gets a picture that its members see, and a list of its files', async () => {
      const room = await groupOf(bob)
      const { file, seq } = await sendFile(room)
      await ann.parley.setRoomPicture(room, file.id)
      const { picture_url } = (await until(
        bob.parley.room(room),
        (state) => state?.picture_url !== undefined,
      )) ?? { picture_url: '' }
      const shown = picture_url?.split('/').at(-1) ?? ''
      expect([await statusOf(bob, shown), await statusOf(eve, shown)]).toEqual([200, 404])
      const { items } = await bob.parley.files(room, { kind: 'picture' })
      expect(items).toEqual([{ file, seq, from: ann.id, at: expect.any(Number) }])
      await expect(eve.parley.files(room)).rejects.toMatchObject({ code: 'not_found' })
      await ann.parley.remove(room, seq)
      expect((await bob.parley.files(room)).items).toEqual([])
    })

    it('an upload that is cut in the middle leaves nothing behind, and arrives when it is sent again', async () => {
      const before = await deployment.keptFiles(eve.id)
      const { call, cut } = startUpload(`${eve.url}/api/v1/files`, tokens.get(eve) ?? '')
      call.write(Buffer.alloc(4_000_000, 1))
      const arriving = async () => (await deployment.keptFiles(eve.id)).rows === before.rows + 1
      await vi.waitUntil(arriving, { timeout: 10_000, interval: 100 })
      await cut()
      const after = await vi.waitUntil(
        async () => {
          const found = await deployment.keptFiles(eve.id)
          return found.rows === before.rows && found
        },
        { timeout: 20_000, interval: 100 },
      )
      expect(after.used).toBe(before.used)
      expect(after.stored.filter((name) => !before.stored.includes(name))).toEqual([])
      const bytes = Buffer.alloc(5_000_000, 2)
      const file = await eve.parley.upload(new Blob([bytes]), { name: 'whole.bin' })
      const whole = await get(eve, file.id)
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
      const kept = await deployment.keptFiles(eve.id)
      expect([kept.rows, kept.used]).toEqual([before.rows + 1, before.used + bytes.length])
    })
  })
}

/** A form whose file has begun and not ended. */
function startUpload(url: string, token: string) {
  const call = request(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=b' },
  })
  const ended = new Promise<void>((resolve) => call.once('close', resolve))
  call.on('error', () => undefined)
  call.write('--b\r\nContent-Disposition: form-data; name="file"; filename="half.bin"\r\n\r\n')
  return {
    call,
    cut(): Promise<void> {
      call.destroy()
      return ended
    },
  }
}

async function tokenOf({ url, username, password }: Person): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: username, password }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}
