import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createNotificationsKit, type NotificationsKit } from '../support/notifications-kit.ts'

let kit: NotificationsKit
beforeAll(async () => {
  kit = await createNotificationsKit()
})
afterAll(() => kit.close())

/** Ben with this many unread mentions in a room of Ann's. */
async function mentioned(count: number) {
  const ann = await kit.person()
  const name = `ben-${Math.random().toString(36).slice(2, 12)}x`
  const ben = await kit.person(name)
  const room = await kit.publicRoom(ann, ben)
  const seqs: number[] = []
  for (let n = 0; n < count; n++) seqs.push(await kit.send(ann, room, `${n} @${name}`))
  await kit.work(room)
  return { ann, ben, name, room, seqs }
}

describe('the inbox', () => {
  it('comes in pages, newest first, each item once', async () => {
    const { ben } = await mentioned(7)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await kit.notifications.listNotifications({
        user: ben,
        limit: 3,
        ...(cursor && { cursor }),
      })
      seen.push(...page.notifications.map(({ preview }) => preview.slice(0, 1)))
      cursor = page.next
    } while (cursor !== undefined)
    expect(seen.join('')).toBe('6543210')
  })

  it('marks what is asked for, passes over what is not ours, and tells every device', async () => {
    const { ben } = await mentioned(3)
    const other = await mentioned(1)
    const { notifications: items } = await kit.notifications.listNotifications({ user: ben, limit: 10 })
    const [foreign] = (await kit.notifications.listNotifications({ user: other.ben, limit: 1 })).notifications
    const heard = await kit.hear(ben)
    const id = items[1]?.id ?? ''
    const answer = await kit.notifications.readNotifications({ user: ben, ids: [id, foreign?.id ?? '', 'x'] })
    expect(answer.unread).toBe(2)
    expect(answer.notifications.map((item) => item.read_at !== undefined)).toEqual([false, true, false])
    await kit.notifications.readNotifications({ user: ben })
    await vi.waitUntil(() => heard.length === 2)
    expect(heard).toMatchObject([
      { type: 'inbox', read: [id], unread: 2, version: answer.version },
      { type: 'inbox', read: 'all', unread: 0, version: answer.version + 1 },
    ])
    expect((await kit.inbox(other.ben)).unread).toBe(1)
  })

  it('follows what is read in the room, whether or not a gateway said so', async () => {
    const { ben, room, seqs } = await mentioned(3)
    await kit.notifications.followRead({ user: ben, room, read: seqs[0] ?? 0 })
    expect((await kit.inbox(ben)).unread).toBe(2)
    await kit.rooms.mark({ user: ben, room, read: seqs[1] ?? 0 })
    expect((await kit.inbox(ben)).unread).toBe(1)
  })

  it('an addition is read with the first message that is, not by the watermark a membership begins with', async () => {
    const ann = await kit.person()
    const name = `ben-${Math.random().toString(36).slice(2, 12)}x`
    const ben = await kit.person(name)
    const { room } = await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'G', usernames: [name] })
    await kit.work(room.id)
    const start = await kit.rooms.memberMarks({ members: [{ user: ben, room: room.id }] })
    await kit.notifications.followRead({ user: ben, room: room.id, read: start.marks[0]?.read ?? 0 })
    expect(await kit.inbox(ben)).toMatchObject({ items: ['added 2'], unread: 1 })
    const seq = await kit.send(ann, room.id, 'first words')
    await kit.notifications.followRead({ user: ben, room: room.id, read: seq })
    expect((await kit.inbox(ben)).unread).toBe(0)
  })

  it('keeps a thousand items; a new one pushes the oldest out', async () => {
    const { ann, ben, name, room } = await mentioned(0)
    await kit.database.query(
      `insert into notifications.item (id, user_id, room_id, seq, kind, sender, at, read_from)
       select 'old' || n, $1, $3, n + 1000, 'mention', $2, n, n + 1000 from generate_series(1, 1000) as n`,
      [ben, ann, room],
    )
    await kit.send(ann, room, `one more @${name}`)
    await kit.work(room)
    const { rows } = await kit.database.query<{ count: number; first: number }>(
      'select count(*) as count, min(at) as first from notifications.item where user_id = $1',
      [ben],
    )
    expect(rows).toEqual([{ count: 1_000, first: 2 }])
    expect((await kit.inbox(ben)).unread).toBe(1_000)
  })
})

describe('what was taken back', () => {
  it('a deleted message is unread no more, and every device hears of it', async () => {
    const { ann, ben, room, seqs } = await mentioned(2)
    const before = await kit.notifications.listNotifications({ user: ben, limit: 9 })
    const heard = await kit.hear(ben)
    await kit.rooms.deleteMessage({ user: ann, room, target: seqs[0] ?? 0 })
    await kit.work(room)
    await vi.waitUntil(() => heard.length > 0)
    const read = [before.notifications[1]?.id]
    expect(heard).toEqual([{ type: 'inbox', read, unread: 1, version: before.version + 1 }])
    expect(await kit.inbox(ben)).toMatchObject({
      items: [`mention ${seqs[1]}`, `mention ${seqs[0]}`],
      unread: 1,
    })
  })

  it('of a room one was removed from nothing is unread; whoever is added again starts fresh', async () => {
    const { ann, ben, name, room } = await mentioned(2)
    const heard = await kit.hear(ben)
    await kit.rooms.removeMember({ user: ann, room, member: ben })
    await kit.work(room)
    await vi.waitUntil(() => heard.some((event) => event.type === 'inbox'))
    expect(heard.filter((event) => event.type === 'inbox')).toMatchObject([{ read: 'all', unread: 0 }])
    await kit.rooms.addMember({ user: ann, room, username: name })
    const again = await kit.send(ann, room, `again @${name}`)
    await kit.work(room)
    expect((await kit.inbox(ben)).items.slice(0, 2)).toEqual([`mention ${again}`, `added ${again - 1}`])
    expect((await kit.inbox(ben)).unread).toBe(2)
  })

  it('removed and added again before anybody looked: only what came since is unread', async () => {
    const { ann, ben, name, room } = await mentioned(0)
    await kit.send(ann, room, `early @${name}`)
    await kit.rooms.removeMember({ user: ann, room, member: ben })
    await kit.rooms.addMember({ user: ann, room, username: name })
    await kit.work(room)
    expect((await kit.inbox(ben)).unread).toBe(1)
  })

  it('of a deleted room nothing is unread, for everybody in it, before they look', async () => {
    const { ann, ben, room } = await mentioned(2)
    const listeners = await Promise.all(Array.from({ length: 201 }, () => kit.person()))
    await kit.database.query(
      `insert into notifications.item (id, user_id, room_id, seq, kind, sender, at, read_from)
       select u || $3, u, $2, 1, 'message', $4, 1, 1 from unnest($1::text[]) as u`,
      [listeners, room, '.1', ann],
    )
    const heard = await kit.hear(ben)
    await kit.database.query(
      `with device as (
         insert into notifications.push_subscription (device_id, user_id, endpoint, p256dh, auth, language, renewed_at)
         values ($1, $2, $1, '', '', 'en', 1) returning device_id)
       insert into notifications.push_shown (device_id, room_id, seq) select device_id, $3, 1 from device`,
      [`device of ${ben}`, ben, room],
    )
    await kit.rooms.deleteRoom({ user: ann, room })
    await kit.work(room)
    await vi.waitUntil(() => heard.length > 0)
    const due = await kit.database.query(
      'select device_id, kind from notifications.push where room_id = $1',
      [room],
    )
    expect(due.rows).toEqual([{ device_id: `device of ${ben}`, kind: 'clear' }])
    expect(heard).toMatchObject([{ type: 'inbox', read: 'all', unread: 0 }])
    const { rows } = await kit.database.query(
      'select id from notifications.item where room_id = $1 and read_at is null',
      [room],
    )
    expect(rows).toEqual([])
  })

  it('is seen by looking, though nobody has said it', async () => {
    const removed = await mentioned(1)
    await kit.rooms.removeMember({ user: removed.ann, room: removed.room, member: removed.ben })
    expect((await kit.inbox(removed.ben)).unread).toBe(0)
    const gone = await mentioned(1)
    await kit.rooms.deleteRoom({ user: gone.ann, room: gone.room })
    expect((await kit.inbox(gone.ben)).unread).toBe(0)
  })

  it('what waits for an acknowledgement is not told when it was deleted meanwhile', async () => {
    const { ann, ben, name, room } = await mentioned(0)
    kit.presence.set(ben, 'online')
    const target = await kit.send(ann, room, `wait @${name}`)
    await kit.work(room)
    await kit.rooms.deleteMessage({ user: ann, room, target })
    await kit.work(room)
    await kit.pass()
    expect(await kit.inbox(ben)).toMatchObject({ items: [], unread: 0 })
  })

  /** The next decision is taken by what was known before this happened, and only then kept. */
  async function decidedBefore(decide: () => Promise<void>, happens: () => Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const marks = vi.spyOn(kit.rooms, 'memberMarks').mockImplementationOnce(async ({ members }) => {
      asked.resolve()
      await late.promise
      return { marks: members.map((member) => ({ ...member, read: 0, delivered: 0 })) }
    })
    const slow = decide()
    await asked.promise
    await happens()
    late.resolve()
    await slow
    marks.mockRestore()
  }

  it('who is late with the log tells nothing that another has seen deleted', async () => {
    const { ann, ben, name, room } = await mentioned(0)
    const target = await kit.send(ann, room, `late @${name}`)
    await decidedBefore(
      () => kit.work(room),
      async () => {
        await kit.rooms.deleteMessage({ user: ann, room, target })
        await kit.work(room)
      },
    )
    expect(await kit.inbox(ben)).toMatchObject({ items: [], unread: 0 })
  })

  it('nor does who decides for those that waited', async () => {
    const { ann, ben, name, room } = await mentioned(0)
    kit.presence.set(ben, 'online')
    const target = await kit.send(ann, room, `late @${name}`)
    await kit.work(room)
    await decidedBefore(
      () => kit.pass(),
      async () => {
        await kit.rooms.deleteMessage({ user: ann, room, target })
        await kit.work(room)
      },
    )
    expect(await kit.inbox(ben)).toMatchObject({ items: [], unread: 0 })
  })

  it('a reading that finds nothing to read makes no new state', async () => {
    const { ben } = await mentioned(1)
    const { version } = await kit.notifications.readNotifications({ user: ben })
    for (const ids of [undefined, ['x'], []])
      expect((await kit.notifications.readNotifications({ user: ben, ids })).version).toBe(version)
  })
})

type Action =
  | { do: 'mention' | 'deleteLast' | 'remove' | 'add' | 'deleteRoom' | 'readAll' | 'repeat' | 'wait' }
  | { do: 'read'; which: number }
  | { do: 'look'; which: number }
  | { do: 'presence'; online: boolean }

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'mention' } as const) },
  fc.constantFrom(
    { do: 'deleteLast' } as const,
    { do: 'remove' } as const,
    { do: 'add' } as const,
    { do: 'readAll' } as const,
    { do: 'repeat' } as const,
    {
      do: 'wait',
    } as const,
  ),
  { weight: 1, arbitrary: fc.constantFrom({ do: 'add' } as const, { do: 'deleteRoom' } as const) },
  fc.record({ do: fc.constant('read' as const), which: fc.nat(9) }),
  fc.record({ do: fc.constant('look' as const), which: fc.nat(9) }),
  fc.record({ do: fc.constant('presence' as const), online: fc.boolean() }),
)

describe('the unread count', () => {
  it('equals a recount, and what two devices were told last, after any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const { ann, ben, name, room } = await mentioned(1)
        const seqs: number[] = []
        // Of the model: whether the room is there, and when who is in it came.
        let there = true
        let member = true
        let since = 0
        const deleted = new Set<number>()
        const heard = await kit.hear(ben)
        const start = await kit.notifications.listNotifications({ user: ben, limit: 200 })
        for (const step of actions) {
          const items = async () =>
            (await kit.notifications.listNotifications({ user: ben, limit: 200 })).notifications
          if (step.do === 'mention' && there) {
            seqs.push(await kit.send(ann, room, `again @${name}`))
            await kit.work(room)
          } else if (step.do === 'deleteLast') {
            const target = seqs.pop()
            if (target !== undefined && there) {
              await kit.rooms.deleteMessage({ user: ann, room, target })
              deleted.add(target)
            }
          } else if (step.do === 'remove' && there && member) {
            await kit.rooms.removeMember({ user: ann, room, member: ben })
            member = false
          } else if (step.do === 'add' && there && !member) {
            await kit.rooms.addMember({ user: ann, room, username: name })
            member = true
            since = (await kit.rooms.heads({ rooms: [room] })).heads[room] ?? 0
          } else if (step.do === 'deleteRoom' && there) {
            await kit.rooms.deleteRoom({ user: ann, room })
            there = false
          } else if (step.do === 'readAll') await kit.notifications.readNotifications({ user: ben })
          else if (step.do === 'repeat') await Promise.all([kit.work(room), kit.work(room)])
          else if (step.do === 'wait') await kit.pass()
          else if (step.do === 'read') {
            const all = await items()
            const id = all[step.which % Math.max(1, all.length)]?.id
            if (id !== undefined) await kit.notifications.readNotifications({ user: ben, ids: [id] })
          } else if (step.do === 'look') {
            const read = seqs[step.which % Math.max(1, seqs.length)]
            if (read !== undefined && there && member) {
              await kit.rooms.mark({ user: ben, room, read })
              await kit.notifications.followRead({ user: ben, room, read })
            }
          } else if (step.do === 'presence') kit.presence.set(ben, step.online ? 'online' : 'offline')
        }
        await kit.work(room)
        const kept = await kit.database.query<{ count: number }>(
          'select count(*)::int as count from notifications.item where user_id = $1 and read_at is null',
          [ben],
        )
        const end = await kit.notifications.listNotifications({ user: ben, limit: 200 })
        const unread = end.notifications.filter((item) => item.read_at === undefined)
        const open = unread.filter(({ seq }) => there && member && seq >= since && !deleted.has(seq))
        expect([end.unread, unread.length]).toEqual([open.length, open.length])
        // Not by looking: the devices of those who do not look count the same.
        expect(kept.rows[0]?.count).toBe(end.unread)
        // A device goes by the highest version it has heard of, in whatever order that came.
        const told = heard.flatMap((event) =>
          event.type === 'notification' || event.type === 'inbox' ? [event] : [],
        )
        await new Promise(setImmediate)
        const newest = told.reduce(
          (best: { version: number; unread: number }, one) => (one.version >= best.version ? one : best),
          start,
        )
        expect(newest.unread).toBe(end.unread)
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
