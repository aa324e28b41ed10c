import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createNotificationsKit, type NotificationsKit } from '../support/notifications-kit.ts'

let kit: NotificationsKit
let ann: string
let ben: string
let benName: string

beforeAll(async () => {
  kit = await createNotificationsKit()
})
afterAll(() => kit.close())

/** Two people nobody has told anything yet, in a public room. */
async function talk(): Promise<string> {
  ann = await kit.person()
  benName = `ben-${Math.random().toString(36).slice(2, 12)}x`
  ben = await kit.person(benName)
  return kit.publicRoom(ann, ben)
}

const inGroup = async () =>
  (await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'Group', usernames: [benName] })).room.id

describe('what is told', () => {
  it('a mention is told once, however often the queue repeats it', async () => {
    const room = await talk()
    const seq = await kit.send(ann, room, `hello @${benName}`)
    const heard = await kit.hear(ben)
    for (let n = 0; n < 3; n++) await kit.work(room)
    expect(await kit.inbox(ben)).toEqual({
      items: [`mention ${seq}`],
      previews: [`hello @${benName}`],
      unread: 1,
    })
    await vi.waitUntil(() => heard.length > 0)
    expect(heard).toMatchObject([
      { type: 'notification', item: { room, seq, from: ann, kind: 'mention' }, unread: 1, alert: true },
    ])
    expect((await kit.inbox(ann)).items).toEqual([])
  })

  it('two processes that are handed the same work tell it once', async () => {
    const room = await talk()
    for (let n = 0; n < 60; n++) await kit.send(ann, room, `${n} @${benName}`)
    await Promise.all([kit.work(room), kit.work(room), kit.work(room)])
    const { items, unread } = await kit.inbox(ben)
    expect([items.length, new Set(items).size, unread]).toEqual([60, 60, 60])
  })

  it('answers, additions and direct messages are told, ordinary messages are not', async () => {
    await talk()
    const group = await inGroup()
    const mine = await kit.send(ben, group, 'a question')
    const { entry: reply } = await kit.rooms.sendMessage({
      user: ann,
      room: group,
      body: 'an answer',
      reply_to: mine,
      client_id: 'reply-0001',
    })
    await kit.send(ann, group, 'something else')
    await kit.work(group)
    expect((await kit.inbox(ben)).items).toEqual([`reply ${reply.seq}`, 'added 2'])
    const direct = await kit.rooms.createRoom({ user: ann, kind: 'direct', usernames: [benName] })
    const seq = await kit.send(ann, direct.room.id, 'between us')
    await kit.work(direct.room.id)
    expect((await kit.inbox(ben)).items[0]).toBe(`direct ${seq}`)
  })

  it('an edit that names somebody tells them, and only once', async () => {
    const room = await talk()
    const seq = await kit.send(ann, room, 'hello')
    for (const body of [`hello @${benName}`, `hello again @${benName}`])
      await kit.rooms.editMessage({ user: ann, room, target: seq, body })
    await kit.work(room)
    const { items, previews } = await kit.inbox(ben)
    expect(items).toEqual([`mention ${seq}`])
    expect(previews).toEqual([`hello again @${benName}`])
  })

  it('the setting of the room decides: everything, what concerns me, nothing', async () => {
    const room = await talk()
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'all' })
    const plain = await kit.send(ann, room, 'plain')
    await kit.work(room)
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'none' })
    await kit.send(ann, room, `not this, @${benName}`)
    await kit.work(room)
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'mentions' })
    await kit.send(ann, room, 'nor this')
    const named = await kit.send(ann, room, `but this, @${benName}`)
    await kit.work(room)
    expect((await kit.inbox(ben)).items).toEqual([`mention ${named}`, `message ${plain}`])
  })

  it('only members may set what they hear of a room', async () => {
    const room = await talk()
    const carl = await kit.person()
    await expect(kit.notifications.setRoomLevel({ user: carl, room, level: 'all' })).rejects.toMatchObject({
      code: 'not_member',
    })
    const group = await inGroup()
    await expect(kit.notifications.getRoomLevel({ user: carl, room: group })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('a thousand who want everything of a room are told in batches', async () => {
    const room = await talk()
    const people = await Promise.all(Array.from({ length: 1_001 }, () => kit.person()))
    for (const user of people) {
      await kit.rooms.joinRoom({ user, room })
      await kit.notifications.setRoomLevel({ user, room, level: 'all' })
    }
    const marks = vi.spyOn(kit.rooms, 'memberMarks')
    await kit.work(room)
    marks.mockClear()
    await kit.send(ann, room, 'everybody')
    await kit.work(room)
    expect(marks).toHaveBeenCalledTimes(3)
    marks.mockRestore()
    for (const user of [people[0], people[500], people[1_000]])
      expect((await kit.inbox(user ?? '')).unread).toBe(1)
  }, 60_000)
})

describe('who is connected', () => {
  it('is told only when the time to acknowledge is over', async () => {
    const room = await talk()
    kit.presence.set(ben, 'online')
    const seq = await kit.send(ann, room, `hello @${benName}`)
    await kit.work(room)
    expect((await kit.inbox(ben)).items).toEqual([])
    await kit.pass()
    expect((await kit.inbox(ben)).items).toEqual([`mention ${seq}`])
  })

  it('is not told what was read meanwhile', async () => {
    const room = await talk()
    kit.presence.set(ben, 'online')
    const seq = await kit.send(ann, room, `hello @${benName}`)
    await kit.work(room)
    await kit.rooms.mark({ user: ben, room, read: seq })
    await kit.pass()
    expect(await kit.inbox(ben)).toEqual({ items: [], previews: [], unread: 0 })
  })

  it('is told a direct message unless it arrived where somebody looks', async () => {
    await talk()
    const { room } = await kit.rooms.createRoom({ user: ann, kind: 'direct', usernames: [benName] })
    const seqs: number[] = []
    for (const [state, acknowledged] of [
      ['online', true],
      ['online', false],
      ['away', true],
    ] as const) {
      kit.presence.set(ben, state)
      const seq = await kit.send(ann, room.id, `${state} ${acknowledged}`)
      await kit.work(room.id)
      if (acknowledged) await kit.rooms.mark({ user: ben, room: room.id, delivered: seq })
      await kit.pass()
      seqs.push(seq)
    }
    expect((await kit.inbox(ben)).items).toEqual([`direct ${seqs[2]}`, `direct ${seqs[1]}`])
  })

  it('in quiet hours is told in silence', async () => {
    const room = await talk()
    await kit.notifications.setNotificationSettings({
      user: ben,
      quiet_hours: { from: '00:00', to: '00:00', time_zone: 'Asia/Ho_Chi_Minh' },
    })
    const heard = await kit.hear(ben)
    await kit.send(ann, room, `psst @${benName}`)
    await kit.work(room)
    await vi.waitUntil(() => heard.length > 0)
    expect(heard).toMatchObject([{ type: 'notification', unread: 1, alert: false }])
  })
})

describe('what may not be seen', () => {
  it('a removed member is told nothing of later messages and sees no text of earlier ones', async () => {
    await talk()
    const group = await inGroup()
    await kit.send(ann, group, `first @${benName}`)
    await kit.work(group)
    await kit.rooms.removeMember({ user: ann, room: group, member: ben })
    await kit.send(ann, group, `second @${benName}`)
    await kit.work(group)
    const { items, previews } = await kit.inbox(ben)
    expect(items).toEqual(['mention 3', 'added 2'])
    expect(previews).toEqual(['', ''])
  })

  it('a member removed while the decision waits is told nothing', async () => {
    await talk()
    const group = await inGroup()
    await kit.work(group)
    kit.presence.set(ben, 'online')
    await kit.send(ann, group, `soon gone @${benName}`)
    await kit.work(group)
    await kit.rooms.removeMember({ user: ann, room: group, member: ben })
    await kit.pass()
    expect((await kit.inbox(ben)).items).toEqual(['added 2'])
  })

  it('a deleted message leaves no preview, and one deleted before it was told is not told', async () => {
    const room = await talk()
    const seq = await kit.send(ann, room, `gone @${benName}`)
    await kit.work(room)
    await kit.rooms.deleteMessage({ user: ann, room, target: seq })
    const early = await kit.send(ann, room, `gone at once @${benName}`)
    await kit.rooms.deleteMessage({ user: ann, room, target: early })
    await kit.work(room)
    expect(await kit.inbox(ben)).toEqual({ items: [`mention ${seq}`], previews: [''], unread: 0 })
  })

  it('a deleted room leaves no preview and takes no one down', async () => {
    const room = await talk()
    await kit.send(ann, room, `gone @${benName}`)
    await kit.work(room)
    await kit.rooms.deleteRoom({ user: ann, room })
    expect((await kit.inbox(ben)).previews).toEqual([''])
  })
})
