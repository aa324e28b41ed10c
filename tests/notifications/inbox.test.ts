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
       select 'old' || n, $1, 'elsewhere', n, 'mention', $2, n, n from generate_series(1, 1000) as n`,
      [ben, ann],
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

type Action =
  | { do: 'mention' | 'deleteLast' | 'readAll' | 'repeat' | 'wait' }
  | { do: 'read'; which: number }
  | { do: 'look'; which: number }
  | { do: 'presence'; online: boolean }

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'mention' } as const) },
  fc.constantFrom(
    { do: 'deleteLast' } as const,
    { do: 'readAll' } as const,
    { do: 'repeat' } as const,
    {
      do: 'wait',
    } as const,
  ),
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
        const heard = await kit.hear(ben)
        const start = await kit.notifications.listNotifications({ user: ben, limit: 200 })
        for (const step of actions) {
          const items = async () =>
            (await kit.notifications.listNotifications({ user: ben, limit: 200 })).notifications
          if (step.do === 'mention') {
            seqs.push(await kit.send(ann, room, `again @${name}`))
            await kit.work(room)
          } else if (step.do === 'deleteLast') {
            const target = seqs.pop()
            if (target !== undefined) await kit.rooms.deleteMessage({ user: ann, room, target })
          } else if (step.do === 'readAll') await kit.notifications.readNotifications({ user: ben })
          else if (step.do === 'repeat') await Promise.all([kit.work(room), kit.work(room)])
          else if (step.do === 'wait') await kit.pass()
          else if (step.do === 'read') {
            const all = await items()
            const id = all[step.which % Math.max(1, all.length)]?.id
            if (id !== undefined) await kit.notifications.readNotifications({ user: ben, ids: [id] })
          } else if (step.do === 'look') {
            const read = seqs[step.which % Math.max(1, seqs.length)]
            if (read !== undefined) {
              await kit.rooms.mark({ user: ben, room, read })
              await kit.notifications.followRead({ user: ben, room, read })
            }
          } else if (step.do === 'presence') kit.presence.set(ben, step.online ? 'online' : 'offline')
        }
        const end = await kit.notifications.listNotifications({ user: ben, limit: 200 })
        const recount = end.notifications.filter((item) => item.read_at === undefined).length
        expect(end.unread).toBe(recount)
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
