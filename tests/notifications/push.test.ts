/** Pushes of the notifications service, at a push service of ours that opens them as a browser would. */
import { systemClock } from '@parley/contracts'
import { loadVapid } from '@parley/services/notifications/push/vapid'
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
let phoneId: string

beforeAll(async () => {
  endpoint = await startPushEndpoint()
  kit = await createNotificationsKit([endpoint.origin])
})
afterAll(async () => {
  await kit.close()
  await endpoint.close()
})

let count = 0
/** A device of Ben's that asked for pushes. */
async function addDevice(user = ben): Promise<{ device: PushDevice; id: string }> {
  const device = await endpoint.subscribe()
  const id = `device-${count++}`
  kit.devices.add(id)
  await kit.notifications.subscribePush({
    user,
    device: id,
    subscription: { ...device.subscription, language: 'vi' },
  })
  return { device, id }
}

beforeEach(async () => {
  ann = await kit.person()
  benName = `ben-${Math.random().toString(36).slice(2, 12)}x`
  ben = await kit.person(benName)
  room = await kit.publicRoom(ann, ben)
  const added = await addDevice()
  phone = added.device
  phoneId = added.id
})

/** Ann says it, and what there is to push is sent. */
async function say(body: string): Promise<number> {
  const seq = await kit.send(ann, room, body)
  await kit.work(room)
  await kit.push()
  return seq
}
const texts = ({ pushes }: PushDevice) => pushes.map(({ data }) => data.text ?? data.type)
const waiting = async () =>
  (
    await kit.database.query<{ id: string; kind: string }>(
      'select id, kind from notifications.push where device_id = $1',
      [phoneId],
    )
  ).rows

describe('a push', () => {
  it('reaches each device once, sealed for it, with the sender named and the message to open', async () => {
    const { device: laptop } = await addDevice()
    const seq = await say(`hello @${benName}`)
    for (let n = 0; n < 3; n++) {
      await kit.work(room)
      await kit.push(600_000)
    }
    for (const device of [phone, laptop]) {
      expect(device.pushes).toHaveLength(1)
      const { data, headers, claims, serverKey, bodyBytes } = device.pushes[0] as PushDevice['pushes'][0]
      expect(data).toEqual({
        type: 'show',
        room,
        language: 'vi',
        id: expect.any(String),
        seq,
        kind: 'mention',
        at: expect.any(Number),
        count: 1,
        from: `Name of ${ann}`,
        room_name: expect.any(String),
        text: `hello @${benName}`,
      })
      expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'high' })
      expect(Number(headers.ttl)).toBeGreaterThan(86_000)
      expect(headers.topic).toMatch(/^[\w-]{32}$/)
      expect(claims.sub).toBe('mailto:operator@example.org')
      expect(serverKey).toBe((await kit.notifications.getPush({ user: ben, device: phoneId })).key)
      expect(bodyBytes).toBeLessThanOrEqual(4_096)
    }
    expect(await waiting()).toEqual([])
  })

  it('says what its owner allows: all, who, or only that there is something', async () => {
    await say(`one @${benName}`)
    for (const push_content of ['sender', 'none'] as const) {
      await kit.notifications.setNotificationSettings({ user: ben, push_content })
      await say(`${push_content} @${benName}`)
    }
    const [full, sender, none] = phone.pushes.map(({ data }) => data)
    expect([full?.text, full?.from]).toEqual([`one @${benName}`, `Name of ${ann}`])
    expect(sender?.from).toBe(`Name of ${ann}`)
    for (const data of [sender, none])
      expect([data?.text, data?.room_name, data?.seq === undefined]).toEqual([undefined, undefined, false])
    expect([none?.from, none?.count]).toEqual([undefined, 3])
    // Texts of different lengths look alike from outside.
    expect(new Set(phone.pushes.map(({ bodyBytes }) => bodyBytes)).size).toBe(1)
  })

  it('of one room replaces the one before it, with a topic that names no room', async () => {
    const { device: laptop } = await addDevice()
    await say(`one @${benName}`)
    await say(`two @${benName}`)
    const topics = [phone, laptop].map(({ pushes }) => pushes.map(({ headers }) => headers.topic))
    expect(new Set(topics.flat()).size).toBe(2)
    expect(topics.map((own) => new Set(own).size)).toEqual([1, 1])
    expect(topics.flat().some((topic) => topic === room)).toBe(false)
    expect(phone.pushes.map(({ data }) => data.count)).toEqual([1, 2])
  })

  it('carries the newest words, and of several that wait only the newest is sent', async () => {
    const seq = await kit.send(ann, room, `first @${benName}`)
    await kit.work(room)
    await kit.rooms.editMessage({ user: ann, room, target: seq, body: `better @${benName}` })
    await kit.push()
    await kit.send(ann, room, `second @${benName}`)
    await kit.send(ann, room, `third @${benName}`)
    await kit.work(room)
    await kit.push()
    expect(texts(phone)).toEqual([`better @${benName}`, `third @${benName}`])
  })

  it('is not sent to whoever reads it, is removed, mutes the room, or wants peace in the meantime', async () => {
    const ways: (() => Promise<unknown>)[] = [
      async () =>
        kit.rooms.mark({
          user: ben,
          room,
          read: (await kit.rooms.getRoom({ user: ben, room })).room.head_seq,
        }),
      async () => kit.notifications.readNotifications({ user: ben }),
      async () => kit.notifications.setRoomLevel({ user: ben, room, level: 'none' }),
      async () =>
        kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: Date.now() + 9e6 }),
      async () => kit.rooms.leaveRoom({ user: ben, room }),
    ]
    for (const way of ways) {
      await kit.notifications.setRoomLevel({ user: ben, room, level: 'mentions' })
      await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: null })
      await kit.send(ann, room, `for you @${benName}`)
      await kit.work(room)
      expect(await waiting()).toHaveLength(1)
      await way()
      await kit.push()
      expect(await waiting()).toEqual([])
    }
    await say(`gone @${benName}`)
    expect(phone.attempts()).toBe(0)
  })

  it('is not sent of a message that was deleted meanwhile', async () => {
    const seq = await kit.send(ann, room, `oops @${benName}`)
    await kit.work(room)
    await kit.rooms.deleteMessage({ user: ann, room, target: seq })
    await kit.push()
    expect([phone.attempts(), await waiting()]).toEqual([0, []])
  })

  it('is not sent in quiet hours, nor of a muted room, nor of one own messages', async () => {
    await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: Date.now() + 9e6 })
    await say(`quiet @${benName}`)
    await kit.notifications.setNotificationSettings({ user: ben, do_not_disturb_until: null })
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'none' })
    await say(`muted @${benName}`)
    await kit.notifications.setRoomLevel({ user: ben, room, level: 'all' })
    await kit.send(ben, room, 'my own')
    await say(`heard @${benName}`)
    expect(texts(phone)).toEqual([`heard @${benName}`])
  })
})

describe('what was read elsewhere', () => {
  it('is cleared on the devices that were told, once, when nothing of the room is unread', async () => {
    const first = await say(`one @${benName}`)
    const second = await say(`two @${benName}`)
    const { device: laptop } = await addDevice()
    await kit.notifications.followRead({ user: ben, room, read: first })
    await kit.push()
    expect(texts(phone)).toEqual([`one @${benName}`, `two @${benName}`])
    await kit.notifications.followRead({ user: ben, room, read: second })
    await kit.push()
    await kit.notifications.readNotifications({ user: ben })
    await kit.push()
    expect(phone.pushes.at(-1)?.data).toEqual({ type: 'clear', room, language: 'vi' })
    expect(phone.pushes.at(-1)?.headers).toMatchObject({
      urgency: 'low',
      topic: phone.pushes[0]?.headers.topic,
    })
    expect([phone.attempts(), laptop.attempts()]).toEqual([3, 0])
  })

  it('is cleared although it was read while it was being sent', async () => {
    await kit.send(ann, room, `hello @${benName}`)
    await kit.work(room)
    const { listPreviews } = kit.rooms
    const spy = vi.spyOn(kit.rooms, 'listPreviews').mockImplementation(async (input) => {
      await kit.database.query('update notifications.item set read_at = now() where user_id = $1', [ben])
      return listPreviews(input)
    })
    await kit.push()
    spy.mockRestore()
    await kit.push()
    expect(texts(phone)).toEqual([`hello @${benName}`, 'clear'])
  })
})

describe('a push service', () => {
  it.each([404, 410])('that answers %i ends the subscription', async (status) => {
    phone.answer({ status })
    await say(`hello @${benName}`)
    expect((await kit.notifications.getPush({ user: ben, device: phoneId })).subscribed).toBe(false)
    await say(`again @${benName}`)
    await kit.push(600_000)
    expect(phone.attempts()).toBe(1)
  })

  it('that fails is tried again, and then told once', async () => {
    phone.answer({ status: 500 }, { status: 502 })
    await say(`hello @${benName}`)
    await kit.push()
    expect(phone.attempts()).toBe(1)
    await kit.push(6_000)
    await kit.push(17_000)
    await kit.push(600_000)
    expect([phone.attempts(), texts(phone)]).toEqual([3, [`hello @${benName}`]])
  })

  it('that asks for patience is left alone for so long', async () => {
    phone.answer({ status: 429, headers: { 'retry-after': '120' } })
    await say(`hello @${benName}`)
    await kit.push(100_000)
    expect(phone.attempts()).toBe(1)
    await kit.push(125_000)
    expect(texts(phone)).toEqual([`hello @${benName}`])
  })

  it('is not asked to keep what nobody could be told for a day', async () => {
    phone.answer({ status: 500 })
    await say(`hello @${benName}`)
    await kit.push(25 * 3_600_000)
    expect([phone.attempts(), await waiting()]).toEqual([1, []])
  })

  it('whose redirect leads elsewhere is not followed', async () => {
    const { device: other } = await addDevice()
    phone.answer({ status: 307, headers: { location: other.subscription.endpoint } })
    await kit.notifications.unsubscribePush({ user: ben, device: `device-${count - 1}` })
    await say(`hello @${benName}`)
    expect([phone.attempts(), other.attempts()]).toEqual([1, 0])
  })
})

describe('the queue', () => {
  it('may be away between the decision and its push: that waits, and is sent once', async () => {
    kit.queue.away = true
    await say(`hello @${benName}`)
    await kit.push(60_000)
    expect([phone.attempts(), (await waiting()).length]).toEqual([0, 1])
    kit.queue.away = false
    await kit.push(120_000)
    await kit.push(600_000)
    expect(texts(phone)).toEqual([`hello @${benName}`])
  })
})

describe('the key', () => {
  it('is the same for all processes, and after a new start', async () => {
    const { key } = await kit.notifications.getPush({ user: ben, device: phoneId })
    const load = async () => (await loadVapid(kit.database, systemClock, 'mailto:a@b.example')).publicKey
    expect(await load()).toBe(key)
    await kit.database.query('delete from notifications.push_key')
    const made = await Promise.all([load(), load(), load()])
    expect(new Set(made).size).toBe(1)
    expect(made[0]).not.toBe(key)
  })
})

describe('work that is repeated', () => {
  it('by two processes at once is sent once', async () => {
    await kit.send(ann, room, `hello @${benName}`)
    await kit.work(room)
    const [push] = await waiting()
    await Promise.all([kit.queued(push?.id ?? ''), kit.queued(push?.id ?? ''), kit.push()])
    await kit.queued(push?.id ?? '')
    expect(phone.attempts()).toBe(1)
  })
})

describe('a subscription', () => {
  it('ends with the session of its device, told or not', async () => {
    kit.devices.delete(phoneId)
    await say(`hello @${benName}`)
    expect([phone.attempts(), await waiting()]).toEqual([0, []])
    const { id } = await addDevice()
    kit.bus.publish('revocations', JSON.stringify({ id: 1, at: 1, kind: 'device', subject: id }))
    const subscribed = async () => (await kit.notifications.getPush({ user: ben, device: id })).subscribed
    await expect.poll(subscribed).toBe(false)
    const another = await addDevice()
    kit.bus.publish('revocations', JSON.stringify({ id: 2, at: 1, kind: 'user', subject: ben }))
    await expect
      .poll(async () => (await kit.notifications.getPush({ user: ben, device: another.id })).subscribed)
      .toBe(false)
  })

  it('is one a device, and leaves the device that had it before', async () => {
    kit.devices.add('other')
    const subscription = { ...phone.subscription, language: 'en' }
    await kit.notifications.subscribePush({ user: ann, device: 'other', subscription })
    await say(`hello @${benName}`)
    expect(phone.attempts()).toBe(0)
    const next = await endpoint.subscribe()
    await kit.notifications.subscribePush({
      user: ann,
      device: 'other',
      subscription: { ...next.subscription, language: 'en' },
    })
    const { rows } = await kit.database.query(
      'select 1 from notifications.push_subscription where user_id = $1',
      [ann],
    )
    expect(rows).toHaveLength(1)
  })

  it('that many devices bring at the same moment is one’s, and none of them fails', async () => {
    const { subscription } = phone
    const devices = Array.from({ length: 12 }, () => `device-${count++}`)
    await Promise.all(
      devices.map((device) =>
        kit.notifications.subscribePush({
          user: ben,
          device,
          subscription: { ...subscription, language: 'en' },
        }),
      ),
    )
    const all = await Promise.all(devices.map((device) => kit.notifications.getPush({ user: ben, device })))
    expect(all.filter(({ subscribed }) => subscribed)).toHaveLength(1)
  })

  it('beyond twenty drops the one that was renewed longest ago', async () => {
    const added: Awaited<ReturnType<typeof addDevice>>[] = []
    while (added.length < 20) added.push(await addDevice())
    const { rows } = await kit.database.query<{ device_id: string }>(
      'select device_id from notifications.push_subscription where user_id = $1 order by device_id',
      [ben],
    )
    expect(rows.map((row) => row.device_id).sort()).toEqual(added.map(({ id }) => id).sort())
  })

  it('is refused for addresses that are not to be reached and keys that are none', async () => {
    const { keys, endpoint: good } = phone.subscription
    const subscribe = (changes: { endpoint?: string; keys?: typeof keys }) =>
      kit.notifications.subscribePush({
        user: ben,
        device: phoneId,
        subscription: { endpoint: good, keys, language: 'en', ...changes },
      })
    for (const changes of [
      { endpoint: 'http://push.example/a' },
      { endpoint: 'https://10.0.0.1/a' },
      { endpoint: 'http://127.0.0.1:1/' },
      { endpoint: 'https://localhost/x' },
      { endpoint: 'https://foo.internal/x' },
      { endpoint: `https://push.example/${'ế'.repeat(500)}` },
      { keys: { ...keys, p256dh: keys.p256dh.replace(/^./, 'A') } },
      { keys: { ...keys, p256dh: `BA${'A'.repeat(85)}` } },
    ])
      await expect(subscribe(changes), JSON.stringify(changes)).rejects.toMatchObject({
        code: 'invalid_request',
      })
    await subscribe({})
  })

  it('is kept as an address is written, whatever else came with it', async () => {
    const endpoint = 'HTTPS://Push.Example:443/a\r\nb'
    const subscription = { ...phone.subscription, endpoint, language: 'en' }
    await kit.notifications.subscribePush({ user: ben, device: phoneId, subscription })
    const select = 'select endpoint from notifications.push_subscription where device_id = $1'
    const { rows } = await kit.database.query(select, [phoneId])
    expect(rows).toEqual([{ endpoint: 'https://push.example/ab' }])
  })
})
