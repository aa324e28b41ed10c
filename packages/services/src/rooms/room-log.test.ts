import type { Database } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../../../../tests/support/rooms-kit.ts'

let kit: RoomsKit
beforeAll(async () => {
  kit = await createRoomsKit()
})
afterAll(() => kit.close())

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
  )

describe('the room log', () => {
  it('numbers every kind of entry densely from 1', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann, bob)
    const seq = await kit.send(ann, room, 'hello')
    await kit.rooms.editMessage({ user: ann, room, target: seq, body: 'hello all' })
    await kit.rooms.react({ user: bob, room, target: seq, emoji: '👍' })
    await kit.rooms.pin({ user: ann, room, target: seq })
    await kit.rooms.unreact({ user: bob, room, target: seq, emoji: '👍' })
    await kit.rooms.renameRoom({ user: ann, room, name: `renamed ${room}` })
    await kit.rooms.setRole({ user: ann, room, member: bob, role: 'admin' })
    await kit.rooms.deleteMessage({ user: ann, room, target: seq })
    await kit.rooms.leaveRoom({ user: bob, room })
    const log = (await kit.rooms.readLog({ user: ann, rooms: [{ room, after: 0 }], limit: 100 })).rooms[0]
    if (log === undefined || 'error' in log) throw new Error('no log')
    expect(log.entries.map((entry) => entry.seq)).toEqual(log.entries.map((_, index) => index + 1))
    expect(log.entries.map((entry) => entry.kind)).toEqual([
      'join',
      'join',
      'message',
      'edit',
      'react',
      'pin',
      'unreact',
      'rename',
      'role',
      'delete',
      'leave',
    ])
    expect(log.head_seq).toBe(11)
  })

  it('answers a repeated client_id with the first result, another body or not, also after removal', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann, bob)
    const first = await kit.rooms.sendMessage({ user: bob, room, client_id: 'repeat-1', body: 'one' })
    const again = await kit.rooms.sendMessage({ user: bob, room, client_id: 'repeat-1', body: 'two' })
    expect(again).toEqual({ entry: first.entry, fresh: false })
    await kit.rooms.removeMember({ user: ann, room, member: bob })
    expect(await kit.rooms.sendMessage({ user: bob, room, client_id: 'repeat-1', body: 'three' })).toEqual({
      entry: first.entry,
      fresh: false,
    })
    expect(await codeOf(kit.send(bob, room, 'new'))).toBe('not_member')
  })

  it('keeps order and numbers under concurrent senders, retries and a removal in between', async () => {
    const ann = await kit.person()
    const people = await Promise.all(Array.from({ length: 8 }, () => kit.person()))
    const room = await kit.publicRoom(ann, ...people)
    const sends = people.flatMap((user, who) =>
      Array.from({ length: 40 }, (_, n) => {
        const send = () =>
          kit.rooms
            .sendMessage({ user, room, client_id: `message-${who}-${n}`, body: `${n}` })
            .catch(() => null)
        return [send(), send()]
      }).flat(),
    )
    const removed = people[0] ?? ''
    const removal = kit.rooms.removeMember({ user: ann, room, member: removed })
    await Promise.all([...sends, removal])
    const { rows } = await kit.database.query<{
      seq: number
      sender: string
      client_id: string
      kind: string
      user: string | null
    }>(
      `select seq, sender, client_id, kind, data->>'user' as user from rooms.entry where room_id = $1 order by seq`,
      [room],
    )
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1))
    const messages = rows.filter((row) => row.kind === 'message')
    expect(new Set(messages.map((row) => `${row.sender} ${row.client_id}`)).size).toBe(messages.length)
    expect(messages.filter((row) => row.sender !== removed)).toHaveLength(7 * 40)
    const left = rows.find((row) => row.kind === 'leave' && row.user === removed)?.seq ?? 0
    expect(messages.filter((row) => row.sender === removed && row.seq > left)).toEqual([])
  })

  it('blanks a deleted message and its edits everywhere and keeps their numbers', async () => {
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    const seq = await kit.send(ann, room, 'secret one')
    const edit = await kit.rooms.editMessage({ user: ann, room, target: seq, body: 'secret two' })
    await kit.rooms.deleteMessage({ user: ann, room, target: seq })
    const log = await kit.rooms.readLog({ user: ann, rooms: [{ room, after: 0 }], limit: 100 })
    expect(JSON.stringify(log)).not.toContain('secret')
    expect(JSON.stringify(await kit.rooms.listMessages({ user: ann, room, limit: 10 }))).not.toContain(
      'secret',
    )
    const { rows } = await kit.database.query(
      `select 1 from rooms.entry where body like '%secret%' and room_id = $1`,
      [room],
    )
    expect(rows).toEqual([])
    const entries = (log.rooms[0] as { entries: { seq: number; redacted?: boolean }[] }).entries
    expect(entries.filter((entry) => entry.redacted).map((entry) => entry.seq)).toEqual([seq, edit.entry.seq])
  })

  it('answers a repeated delete, reaction and pin with the entry of the first time', async () => {
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    const target = await kit.send(ann, room, 'x')
    for (const change of [
      () => kit.rooms.react({ user: ann, room, target, emoji: '🎉' }),
      () => kit.rooms.pin({ user: ann, room, target }),
      () => kit.rooms.unreact({ user: ann, room, target, emoji: '🎉' }),
      () => kit.rooms.unpin({ user: ann, room, target }),
      () => kit.rooms.deleteMessage({ user: ann, room, target }),
    ]) {
      const first = await change()
      expect(first.fresh).toBe(true)
      expect(await change()).toEqual({ entry: first.entry, fresh: false })
    }
  })

  it('refuses strangers without telling whether a private room exists', async () => {
    const [ann, eve] = [await kit.person(), await kit.person()]
    const { room } = await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'private', usernames: [] })
    expect(await codeOf(kit.send(eve, room.id, 'hi'))).toBe('not_found')
    expect(await codeOf(kit.rooms.getRoom({ user: eve, room: room.id }))).toBe('not_found')
    expect(await codeOf(kit.rooms.joinRoom({ user: eve, room: room.id }))).toBe('not_found')
    expect(await codeOf(kit.rooms.listMembers({ user: eve, room: room.id, limit: 5 }))).toBe('not_found')
    expect(await codeOf(kit.rooms.mark({ user: eve, room: room.id, read: 1 }))).toBe('not_found')
    expect(await codeOf(kit.rooms.editMessage({ user: eve, room: room.id, target: 1, body: 'x' }))).toBe(
      'not_found',
    )
    expect(
      (await kit.rooms.readLog({ user: eve, rooms: [{ room: room.id, after: 0 }], limit: 5 })).rooms[0],
    ).toMatchObject({ error: { code: 'not_found' } })
  })

  it('finds a message by part of a word and without accents as soon as it is sent, edited or deleted', async () => {
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    const seq = await kit.send(ann, room, 'Hẹn gặp ở Đà Nẵng nhé')
    const find = async (query: string) =>
      (await kit.rooms.searchMessages({ user: ann, query, limit: 10 })).messages.map((message) => message.seq)
    expect(await find('da nang')).toEqual([seq])
    await kit.database.query(`update rooms.outbox set at = at - interval '10 s'`)
    while ((await kit.rooms.runRelay()) > 0);
    expect((await kit.database.query('select 1 from rooms.search where room_id = $1', [room])).rowCount).toBe(
      1,
    )
    expect(await find('a Nan')).toEqual([seq])
    await kit.rooms.editMessage({ user: ann, room, target: seq, body: 'Hẹn gặp ở Huế' })
    expect(await find('da nang')).toEqual([])
    expect(await find('hue')).toEqual([seq])
    await kit.rooms.deleteMessage({ user: ann, room, target: seq })
    expect(await find('hue')).toEqual([])
  })

  it('announces heads again for an outbox row that nobody spoke for', async () => {
    const ann = await kit.person()
    const room = await kit.publicRoom(ann)
    await kit.database.query(`update rooms.outbox set at = at - interval '10 s'`)
    while ((await kit.rooms.runRelay()) > 0);
    const events = await kit.listen(room)
    await kit.database.query(`insert into rooms.outbox (at, heads) values (now() - interval '10 s', $1)`, [
      JSON.stringify({ [room]: 1 }),
    ])
    await kit.rooms.runRelay()
    await Promise.resolve()
    expect(events).toEqual([{ type: 'head', head_seq: 1 }])
    expect((await kit.database.query('select 1 from rooms.outbox where heads ? $1', [room])).rowCount).toBe(0)
  })
})

describe('watermarks', () => {
  it('count messages by others only, move forward only, and stop at the head', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann, bob)
    const first = await kit.send(ann, room, '1')
    const second = await kit.send(ann, room, '2')
    await kit.send(bob, room, 'mine')
    expect((await kit.rooms.getRoom({ user: bob, room })).room.me?.unread).toBe(2)
    expect(await kit.rooms.mark({ user: bob, room, read: first })).toEqual({
      read: first,
      delivered: first,
      unread: 1,
    })
    await kit.rooms.deleteMessage({ user: ann, room, target: second })
    expect(await kit.rooms.mark({ user: bob, room, read: 1 })).toMatchObject({ read: first, unread: 0 })
    const head = (await kit.rooms.getRoom({ user: bob, room })).room.head_seq
    expect(await kit.rooms.mark({ user: bob, room, delivered: 10_000, read: 10_000 })).toEqual({
      read: head,
      delivered: head,
      unread: 0,
    })
  })

  it('cap the unread count at 100, and a join begins at the head', async () => {
    const [ann, bob, cat] = [await kit.person(), await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann, bob)
    await Promise.all(Array.from({ length: 105 }, (_, n) => kit.send(ann, room, `${n}`)))
    expect((await kit.rooms.getRoom({ user: bob, room })).room.me?.unread).toBe(100)
    const joined = await kit.rooms.joinRoom({ user: cat, room })
    expect(joined.room.me).toMatchObject({ unread: 0, read_seq: joined.room.head_seq })
  })
})

describe('resume', () => {
  it('lists what changed since the cursor, tells what is gone, and misses nothing under concurrent commits', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const quiet = await kit.publicRoom(ann, bob)
    const busy = await kit.publicRoom(ann, bob)
    const left = await kit.publicRoom(ann, bob)
    const deleted = await kit.publicRoom(ann, bob)
    const start = await kit.rooms.resume({ user: bob })
    expect(start.mode).toBe('snapshot')
    expect(start.rooms.map((room) => room.id).sort()).toEqual([quiet, busy, left, deleted].sort())
    // A transaction that began before the cursor and commits after it.
    let seen: string[] = []
    await kit.database.transaction(async (late) => {
      await late.query('update rooms.room set changed = pg_current_xact_id() where id = $1', [busy])
      const between = await kit.rooms.resume({ user: bob })
      seen = [between.cursor]
    })
    await kit.rooms.leaveRoom({ user: bob, room: left })
    await kit.rooms.deleteRoom({ user: ann, room: deleted })
    const delta = await kit.rooms.resume({ user: bob, cursor: seen[0] ?? '' })
    expect(delta.mode).toBe('delta')
    // Perhaps more: other tests' transactions hold the cluster's oldest snapshot back. Never fewer, never what is gone.
    const listed = delta.rooms.map((room) => room.id)
    expect(listed).toContain(busy)
    expect([busy, quiet]).toEqual(expect.arrayContaining(listed))
    expect([...delta.gone].sort()).toEqual([left, deleted].sort())
  })

  it('lists a room that was left and entered again while it was read, and does not call it gone as well', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann, bob)
    const { cursor } = await kit.rooms.resume({ user: bob })
    await kit.rooms.leaveRoom({ user: bob, room })
    const between: Database = {
      ...kit.database,
      async query<Row>(text: string, values?: readonly unknown[], name?: string) {
        const result = await kit.database.query<Row>(text, values, name)
        if (name === 'rooms.changes') await kit.rooms.joinRoom({ user: bob, room })
        return result
      },
    }
    const delta = await kit.another({ database: between }).resume({ user: bob, cursor })
    expect(delta).toMatchObject({ mode: 'delta', rooms: [{ id: room }], gone: [] })
  })

  it('lists a room whose unread count changed on another device', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann, bob)
    const seq = await kit.send(ann, room, 'x')
    const { cursor } = await kit.rooms.resume({ user: bob })
    await kit.rooms.mark({ user: bob, room, read: seq })
    const delta = await kit.rooms.resume({ user: bob, cursor })
    expect(delta.rooms.map((found) => found.me?.unread)).toEqual([0])
  })

  it('answers an unknown or future cursor with an honest snapshot', async () => {
    const ann = await kit.person()
    await kit.publicRoom(ann)
    const { cursor } = await kit.rooms.resume({ user: ann })
    const epoch = cursor.split('.')[0]
    for (const bad of ['nonsense', `other.${cursor.split('.')[1]}`, `${epoch}.999999999999`, `${epoch}.-1`]) {
      expect((await kit.rooms.resume({ user: ann, cursor: bad })).mode).toBe('snapshot')
    }
  })
})
