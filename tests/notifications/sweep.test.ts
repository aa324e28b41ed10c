/** What notifications keep of rooms, people and messages that there are no more. */
import { createIds, silentLog, systemClock } from '@parley/contracts'
import { sweepNotifications } from '@parley/services/notifications/sweep'
import { expireMessages } from '@parley/services/rooms/expire-messages'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createNotificationsKit, type NotificationsKit } from '../support/notifications-kit.ts'

const newId = createIds()
let kit: NotificationsKit
beforeAll(async () => {
  kit = await createNotificationsKit()
})
afterAll(() => kit.close())

async function sweepAll(known: (user: string) => boolean = () => true) {
  const sum = { items: 0, rooms: 0, people: 0 }
  let after: string | undefined
  do {
    const { getUsers } = kit.dependencies.auth
    const step = await sweepNotifications(
      { ...kit.dependencies, auth: { getUsers: ({ ids }) => getUsers({ ids: ids.filter(known) }) } },
      { after },
    )
    sum.items += step.items
    sum.rooms += step.rooms
    sum.people += step.people
    after = step.next
  } while (after !== undefined)
  return sum
}

async function rowsOf(column: 'room_id' | 'user_id', id: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const tables =
    column === 'room_id' ? ['room', 'item', 'waiting', 'level'] : ['item', 'waiting', 'level', 'person']
  for (const table of tables) {
    const { rows } = await kit.database.query<{ count: number }>(
      `select count(*)::int as count from notifications.${table} where ${column} = $1`,
      [id],
    )
    counts[table] = rows[0]?.count ?? 0
  }
  return counts
}

/** A room in which its owner has named this person so many times. */
async function mentioned(times: number) {
  const owner = await kit.person()
  const name = `person-${newId()}`.toLowerCase().slice(0, 30)
  const named = await kit.person(name)
  const room = await kit.publicRoom(owner, named)
  const seqs: number[] = []
  for (let i = 0; i < times; i++) seqs.push(await kit.send(owner, room, `@${name} ${i}`))
  await kit.work(room)
  await kit.notifications.setRoomLevel({ user: named, room, level: 'all' })
  return { owner, named, room, seqs }
}

it('what retention deleted leaves the inbox, and devices know that they must look again', async () => {
  const { named, room, seqs } = await mentioned(3)
  const [, second = 0] = seqs
  expect((await kit.inbox(named)).unread).toBe(3)
  const { version } = await kit.notifications.listNotifications({ user: named, limit: 1 })
  await kit.database.query(
    `update rooms.entry set at = now() - interval '40 days' where room_id = $1 and seq <= $2`,
    [room, second],
  )
  await expireMessages({ database: kit.database, clock: systemClock, log: silentLog }, { days: 30 })
  expect((await kit.inbox(named)).previews.slice(-2)).toEqual(['', ''])
  const heard = await kit.hear(named)
  expect(await sweepAll()).toEqual({ items: 2, rooms: 0, people: 0 })
  expect((await kit.inbox(named)).items).toEqual([`mention ${seqs[2]}`])
  expect(heard).toMatchObject([{ type: 'inbox', unread: 1, version: version + 2 }])
  expect(await sweepAll()).toEqual({ items: 0, rooms: 0, people: 0 })
})

it('nothing is left of a deleted room, and others keep theirs', async () => {
  const gone = await mentioned(2)
  const stays = await mentioned(1)
  await kit.rooms.deleteRoom({ user: gone.owner, room: gone.room })
  expect(await sweepAll()).toEqual({ items: 2, rooms: 1, people: 0 })
  expect(await rowsOf('room_id', gone.room)).toEqual({ room: 0, item: 0, waiting: 0, level: 0 })
  expect(await kit.inbox(gone.named)).toMatchObject({ items: [], unread: 0 })
  expect(await rowsOf('room_id', stays.room)).toMatchObject({ room: 1, item: 1, level: 1 })
})

it('nothing is left of people that there are no more', async () => {
  const { named } = await mentioned(1)
  expect(await sweepAll((user) => user !== named)).toMatchObject({ items: 1, people: 1 })
  expect(await rowsOf('user_id', named)).toEqual({ item: 0, waiting: 0, level: 0, person: 0 })
})
