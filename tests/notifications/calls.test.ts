/** Calls that ring and calls that were missed, from the lines of a room's log to the devices of those they are for. */
import { RING_MS } from '@parley/protocol/calls'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createNotificationsKit, type NotificationsKit } from '../support/notifications-kit.ts'
import { type PushDevice, type PushEndpoint, startPushEndpoint } from '../support/push-endpoint.ts'

let kit: NotificationsKit
let endpoint: PushEndpoint
let ann: string
let ben: string
let benName: string
let room: string
let phone: PushDevice
let call: string

beforeAll(async () => {
  endpoint = await startPushEndpoint()
  kit = await createNotificationsKit([endpoint.origin])
})
afterAll(async () => {
  await kit.close()
  await endpoint.close()
})

let count = 0
async function addDevice(user: string): Promise<PushDevice> {
  const device = await endpoint.subscribe()
  const id = `phone-${count++}`
  kit.devices.add(id)
  await kit.notifications.subscribePush({
    user,
    device: id,
    subscription: { ...device.subscription, language: 'vi' },
  })
  return device
}

beforeEach(async () => {
  ann = await kit.person()
  benName = `ben-${Math.random().toString(36).slice(2, 12)}x`
  ben = await kit.person(benName)
  room = (await kit.rooms.createRoom({ user: ann, kind: 'direct', usernames: [benName] })).room.id
  phone = await addDevice(ben)
  call = `call-${count++}`
})

type Line = Parameters<NotificationsKit['rooms']['appendCallLine']>[0]['line']

/** As the calls service writes it down, with what follows from it; `sent`: and what there is to push is sent. */
async function line(line: Omit<Line, 'call'>, { sender = ann, sent = true } = {}): Promise<void> {
  await kit.rooms.appendCallLine({
    room,
    sender,
    client_id: `${call}:${count++}`,
    line: { call, ...line },
  })
  await kit.work(room)
  if (sent) await kit.push()
}
const started = (rung = [ben]) => line({ line: 'started', media: 'video', rung })
const missed = (rung = [ben]) => line({ line: 'missed', reason: 'cancelled', media: 'video', rung })

/** What the devices were told, in its order. */
const told = ({ pushes }: PushDevice) => pushes.map(({ data }) => `${data.type} ${data.kind ?? ''}`.trim())

/** A group of Ann's with Ben and Carl in it. */
async function group(): Promise<{ carl: string }> {
  const carl = await kit.person(`${benName}-2`)
  const usernames = [benName, `${benName}-2`]
  room = (await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'Ferry', usernames })).room.id
  await kit.work(room)
  await kit.notifications.readNotifications({ user: ben })
  await kit.push()
  return { carl }
}

describe('a missed call', () => {
  it('is in the inbox of whoever did not answer and of nobody else, once, and can be read', async () => {
    await started()
    await line({ line: 'joined' })
    await line({ line: 'left', duration_ms: 9_000 })
    const heard = await kit.hear(ben)
    await missed()
    for (let n = 0; n < 3; n++) await kit.work(room)
    const { notifications: items, unread } = await kit.notifications.listNotifications({
      user: ben,
      limit: 9,
    })
    expect(items).toEqual([
      expect.objectContaining({
        kind: 'call',
        from: ann,
        room,
        media: 'video',
      }),
    ])
    expect(unread).toBe(1)
    expect(heard).toMatchObject([{ type: 'notification', item: { kind: 'call' }, unread: 1, alert: true }])
    expect((await kit.inbox(ann)).items).toEqual([])
    await kit.push(600_000)
    expect(phone.pushes.filter(({ data }) => data.kind === 'call')).toHaveLength(1)
    await kit.notifications.followRead({ user: ben, room, read: items[0]?.seq ?? 0 })
    await kit.push()
    expect([(await kit.inbox(ben)).unread, told(phone).at(-1)]).toEqual([0, 'clear'])
  })

  it('is not one to whoever declined it, answered it, started it or saw it end', async () => {
    await started()
    await line({ line: 'missed', reason: 'declined', media: 'video' })
    await missed([ann])
    expect((await kit.inbox(ben)).items).toEqual([])
    await kit.rooms.appendCallLine({
      room,
      sender: ann,
      client_id: 'seen',
      line: { call, line: 'missed', reason: 'missed', media: 'sound', rung: [ben] },
    })
    const { room: facts } = await kit.rooms.getRoom({ user: ben, room })
    await kit.rooms.mark({ user: ben, room, read: facts.head_seq })
    await kit.work(room)
    expect([(await kit.inbox(ben)).items, (await kit.inbox(ann)).items]).toEqual([[], []])
  })

  it('in a group is one to those who did not answer, while it goes on and when it is over', async () => {
    const { carl } = await group()
    await started([ben, carl])
    await line({ line: 'unanswered', media: 'video', rung: [ben] })
    await line({ line: 'ended', duration_ms: 5, media: 'video', rung: [carl] })
    expect((await kit.inbox(ben)).items).toEqual([expect.stringMatching('call'), 'added 2'])
    expect((await kit.inbox(carl)).items[0]).toMatch('call')
  })

  it('waits for whoever is connected to see it, and is told wherever nobody did', async () => {
    kit.presence.set(ben, 'online')
    await missed()
    expect((await kit.inbox(ben)).items).toEqual([])
    const { room: facts } = await kit.rooms.getRoom({ user: ben, room })
    await kit.rooms.mark({ user: ben, room, delivered: facts.head_seq })
    await kit.pass()
    await kit.push(10_000)
    expect([(await kit.inbox(ben)).unread, told(phone)]).toEqual([1, ['show call']])
    const { notifications: items } = await kit.notifications.listNotifications({ user: ben, limit: 1 })
    expect(items[0]?.media).toBe('video')
  })

  it('is kept in silence in quiet hours, and not at all of a muted room', async () => {
    await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: Date.now() + 9e6 })
    await started()
    await missed()
    expect([(await kit.inbox(ben)).unread, phone.attempts()]).toEqual([1, 0])
    await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: null })
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'none' })
    await started()
    await missed()
    expect([(await kit.inbox(ben)).unread, phone.attempts()]).toEqual([1, 0])
  })

  it('says as much as its owner allows', async () => {
    await group()
    for (const push_content of ['full', 'sender', 'none'] as const) {
      await kit.notifications.setNotificationSettings({ user: ben, push_content })
      await missed()
    }
    const from = `Name of ${ann}`
    const all = phone.pushes.map(({ data: { kind, media, from, room_name, text } }) => ({
      kind,
      media,
      from,
      room_name,
      text,
    }))
    expect(all).toEqual([
      { kind: 'call', media: 'video', from, room_name: 'Ferry', text: '' },
      { kind: 'call', media: 'video', from },
      { kind: 'call', media: 'video' },
    ])
  })
})

describe('a call that rings', () => {
  it('rings at once on devices that nobody looks at, and for as long as it may', async () => {
    await started()
    const [push] = phone.pushes
    expect(push?.data).toEqual({
      type: 'show',
      kind: 'ring',
      room,
      language: 'vi',
      seq: expect.any(Number),
      at: expect.any(Number),
      media: 'video',
      from: `Name of ${ann}`,
    })
    expect(push?.headers.urgency).toBe('high')
    expect(Number(push?.headers.ttl)).toBeLessThanOrEqual(RING_MS / 1_000)
    expect(Number(push?.headers.ttl)).toBeGreaterThan(RING_MS / 1_000 - 20)
    // The room's own words are another notification.
    await missed()
    expect(new Set(phone.pushes.map(({ headers }) => headers.topic)).size).toBe(2)
    expect(await kit.inbox(ben)).toMatchObject({ unread: 1 })
  })

  it.each<[string, () => Promise<unknown>]>([
    ['it is answered on another device', () => line({ line: 'joined' }, { sender: ben })],
    ['he declines', () => kit.notifications.endRing({ user: ben, call })],
    ['he is removed', () => kit.rooms.removeMember({ user: ann, room, member: ben })],
    ['it is over', () => line({ line: 'ended', duration_ms: 1, media: 'video' })],
    ['the room is deleted', () => kit.rooms.deleteRoom({ user: ann, room })],
  ])('is silent as soon as %s, once', async (_, happens) => {
    const { carl } = await group()
    await line({ line: 'started', media: 'video', rung: [ben, carl] })
    await line({ line: 'joined' })
    expect(told(phone)).toEqual(['show ring'])
    await happens()
    for (let n = 0; n < 2; n++) {
      await kit.work(room)
      await kit.push()
    }
    expect(told(phone)).toEqual(['show ring', 'clear ring'])
    expect(phone.pushes[1]?.headers.topic).toBe(phone.pushes[0]?.headers.topic)
  })

  it('is silent after its time though nobody says so', async () => {
    await started()
    await kit.push(RING_MS - 10_000)
    expect(told(phone)).toEqual(['show ring'])
    await kit.ringOut()
    await kit.push(RING_MS)
    expect(told(phone)).toEqual(['show ring', 'clear ring'])
  })

  it('does not ring of a dead call: over, or too old, when its turn comes', async () => {
    await line({ line: 'started', media: 'sound', rung: [ben] }, { sent: false })
    await kit.push(RING_MS + 1)
    await line({ line: 'started', media: 'sound', rung: [ben] }, { sent: false })
    await missed()
    await kit.push()
    expect(told(phone)).toEqual(['show call'])
  })

  it('is cleared although it was answered while it was on its way', async () => {
    const { getRoom } = kit.rooms
    const spy = vi.spyOn(kit.rooms, 'getRoom').mockImplementation(async (input) => {
      await kit.notifications.endRing({ user: ben, call })
      return getRoom(input)
    })
    await started()
    spy.mockRestore()
    await kit.push()
    expect(told(phone)).toEqual(['show ring', 'clear ring'])
  })

  it('rings once, after an outage of the queue and however often that repeats', async () => {
    kit.queue.away = true
    const rings: Line = { call, line: 'started', media: 'video', rung: [ben] }
    await kit.rooms.appendCallLine({ room, sender: ann, client_id: call, line: rings })
    await Promise.all([kit.work(room), kit.work(room)])
    await kit.push()
    expect(phone.attempts()).toBe(0)
    kit.queue.away = false
    for (let n = 0; n < 3; n++) {
      await kit.work(room)
      await kit.push(6_000)
    }
    expect(told(phone)).toEqual(['show ring'])
  })

  it('does not where a device is looked at, unless that does not get it', async () => {
    kit.presence.set(ben, 'online')
    await started()
    const { room: facts } = await kit.rooms.getRoom({ user: ben, room })
    await kit.rooms.mark({ user: ben, room, delivered: facts.head_seq })
    await kit.pass()
    await kit.push()
    expect(phone.attempts()).toBe(0)
    // A half-open socket.
    await started()
    await kit.pass()
    await kit.push(10_000)
    kit.presence.set(ben, 'away')
    await started()
    expect(told(phone)).toEqual(['show ring', 'show ring'])
  })

  it('does not in quiet hours, nor in a muted room', async () => {
    await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: Date.now() + 9e6 })
    await started()
    await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: null })
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'none' })
    await started()
    expect(phone.attempts()).toBe(0)
  })
})
