/** The files of a room and its picture: who sees them, in which order, and until when. */
import { type FileShape, ParleyError } from '@parley/protocol'
import type { RunningRoomsService } from '@parley/services/rooms/create-rooms-service'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

const TYPES: Readonly<Record<string, string>> = {
  p: 'image/png',
  m: 'video/mp4',
  s: 'audio/ogg',
  d: 'application/pdf',
}
const describeFile = (id: string): FileShape => ({
  id,
  name: `${id}.bin`,
  type: TYPES[id[0] ?? ''] ?? 'application/octet-stream',
  bytes: 5,
})

describe('files of a room', () => {
  let kit: RoomsKit
  let rooms: RunningRoomsService
  let owner: string
  let member: string
  let stranger: string
  beforeAll(async () => {
    kit = await createRoomsKit()
    rooms = kit.another({
      files: {
        describeFiles: async ({ ids }) => ({ files: ids.map(describeFile) }),
        makeSquare: async ({ id }) => ({ file: describeFile(`square-${id}`) }),
        dropFiles: async () => ({}),
      },
    })
    owner = await kit.person()
    member = await kit.person()
    stranger = await kit.person()
  })
  afterAll(() => kit.close())

  const send = async (room: string, ...file_ids: string[]) =>
    (
      await rooms.sendMessage({
        user: owner,
        room,
        body: '',
        client_id: `c-${room}-${file_ids.join('-')}`,
        file_ids,
      })
    ).entry.seq
  async function group(): Promise<string> {
    const { room } = await rooms.createRoom({ user: owner, kind: 'group', name: 'files', usernames: [] })
    const name = (
      await kit.database.query<{ username: string }>('select username from rooms.users where id = $1', [
        member,
      ])
    ).rows[0]
    await rooms.addMember({ user: owner, room: room.id, username: name?.username ?? '' })
    return room.id
  }
  const list = (room: string, more: { kind?: 'picture' | 'media' | 'document'; user?: string } = {}) =>
    rooms.listFiles({ user: member, room, limit: 50, ...more })
  const ids = async (room: string, kind?: 'picture' | 'media' | 'document') =>
    (await list(room, kind === undefined ? {} : { kind })).files.map(({ file }) => file.id)
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
    )

  it('come newest first, each with its message, by kind or all', async () => {
    const room = await group()
    const first = await send(room, 'p1', 'd1')
    await kit.send(owner, room, 'words between')
    const second = await send(room, 'm1', 'p2', 's1')
    expect((await list(room)).files.map(({ file, seq, from }) => [file.id, seq, from])).toEqual([
      ['s1', second, owner],
      ['p2', second, owner],
      ['m1', second, owner],
      ['p1', first, owner],
      ['d1', first, owner],
    ])
    expect(await ids(room, 'picture')).toEqual(['p2', 'p1'])
    expect(await ids(room, 'media')).toEqual(['s1', 'm1'])
    expect(await ids(room, 'document')).toEqual(['d1'])
    expect((await list(room)).files[1]?.file).toEqual(describeFile('p2'))
  })

  it('come in pages that miss none and repeat none, within a message too', async () => {
    const room = await group()
    const sent: string[] = []
    for (let n = 0; n < 4; n++) {
      const some = [`p${n}a`, `p${n}b`, `p${n}c`]
      await send(room, ...some)
      sent.unshift(...some.reverse())
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await rooms.listFiles({ user: member, room, kind: 'picture', limit: 5, cursor })
      seen.push(...page.files.map(({ file }) => file.id))
      cursor = page.next
    } while (cursor !== undefined)
    expect(seen).toEqual(sent)
    expect(await codeOf(rooms.listFiles({ user: member, room, limit: 5, cursor: 'forged' }))).toBe(
      'invalid_request',
    )
  })

  it('are shown to members only, and never those of deleted messages', async () => {
    const room = await group()
    const seq = await send(room, 'p1')
    await send(room, 'p2')
    expect(await codeOf(list(room, { user: stranger }))).toBe('not_found')
    await rooms.deleteMessage({ user: owner, room, target: seq })
    expect(await ids(room)).toEqual(['p2'])
    await rooms.removeMember({ user: owner, room, member })
    expect(await codeOf(list(room))).toBe('not_found')
  })

  it('are found in the archive too', async () => {
    const room = await group()
    await send(room, 'p1')
    await kit.database.query(`update rooms.entry set at = now() - interval '2 years' where room_id = $1`, [
      room,
    ])
    await kit.database.query('select rooms.move_entries(array[$1], array[0]::bigint[], array[now()], 100)', [
      room,
    ])
    const { rows } = await kit.database.query('select 1 from rooms.entry where room_id = $1', [room])
    expect(rows).toEqual([])
    expect(await ids(room)).toEqual(['p1'])
  })
})

describe('the picture of a room', () => {
  let kit: RoomsKit
  let rooms: RunningRoomsService
  let owner: string
  let member: string
  beforeAll(async () => {
    kit = await createRoomsKit()
    rooms = kit.another({
      files: {
        describeFiles: async () => ({ files: [] }),
        makeSquare: async ({ id }) =>
          id === 'words'
            ? Promise.reject(new ParleyError('file_refused'))
            : { file: describeFile(`${id}-square`) },
        dropFiles: async () => ({}),
      },
    })
    owner = await kit.person()
    member = await kit.person()
  })
  afterAll(() => kit.close())

  const dropped = async () => (await rooms.droppedFiles({ limit: 100 })).dropped.map(({ file }) => file)
  const canRead = async (user: string, file: string) => (await rooms.canReadFile({ user, file })).allowed

  it('is set by who may rename the room, told to all, and dropped with the next one', async () => {
    const room = await kit.publicRoom(owner, member)
    const heard = await kit.listen(room)
    await expect(rooms.setRoomPicture({ user: member, room, file: 'p1' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    const set = await rooms.setRoomPicture({ user: owner, room, file: 'p1' })
    expect(set.room.picture_url).toBe('/api/v1/files/p1-square')
    expect((await rooms.getRoom({ user: member, room })).room.picture_url).toBe('/api/v1/files/p1-square')
    await expect
      .poll(() => heard.find((event) => event.type === 'updated'))
      .toMatchObject({
        room: { picture_url: '/api/v1/files/p1-square' },
      })
    await rooms.setRoomPicture({ user: owner, room, file: 'p2' })
    expect(await dropped()).toEqual(['p1-square'])
    expect((await rooms.filesInUse({ files: ['p1-square', 'p2-square'] })).files).toEqual(['p2-square'])
    await rooms.setRoomPicture({ user: owner, room, file: null })
    expect((await rooms.getRoom({ user: owner, room })).room.picture_url).toBeUndefined()
    await expect(rooms.setRoomPicture({ user: owner, room, file: 'words' })).rejects.toMatchObject({
      code: 'file_refused',
    })
  })

  it('is seen by whoever sees the room, and goes with it', async () => {
    const stranger = await kit.person()
    const open = await kit.publicRoom(owner)
    const { room: closed } = await rooms.createRoom({
      user: owner,
      kind: 'group',
      name: 'closed',
      usernames: [],
    })
    await rooms.setRoomPicture({ user: owner, room: open, file: 'open' })
    await rooms.setRoomPicture({ user: owner, room: closed.id, file: 'closed' })
    expect(await canRead(stranger, 'open-square')).toBe(true)
    expect(await canRead(stranger, 'closed-square')).toBe(false)
    expect(await canRead(owner, 'closed-square')).toBe(true)
    await rooms.deleteRoom({ user: owner, room: closed.id })
    expect(await canRead(owner, 'closed-square')).toBe(false)
    expect(await dropped()).toContain('closed-square')
    expect((await rooms.filesInUse({ files: ['closed-square'] })).files).toEqual([])
  })
})
