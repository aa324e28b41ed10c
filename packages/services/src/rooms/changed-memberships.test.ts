import { CHANGED_MEMBERSHIPS_MAX_USERS, roomsContract } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../../../../tests/support/rooms-kit.ts'

let kit: RoomsKit
beforeAll(async () => {
  kit = await createRoomsKit()
})
afterAll(() => kit.close())

const ask = (users: string[], cursor?: string) =>
  kit.rooms.changedMemberships({ users, ...(cursor === undefined ? {} : { cursor }) })

/** A cursor that repeats nothing: other tests' transactions on the same cluster hold it back for a moment. */
async function settle(users: string[], from?: string): Promise<string> {
  let cursor = from
  await expect
    .poll(async () => {
      const answer = await ask(users, cursor ?? (await ask([])).cursor)
      cursor = from === undefined && answer.changes.length > 0 ? undefined : answer.cursor
      return answer.changes
    })
    .toEqual([])
  return cursor ?? ''
}

/** All pages, without the facts. */
async function readAll(users: string[], from: string) {
  const changes: { user: string; room: string; member: boolean }[] = []
  for (let cursor = from, pages = 1; ; pages++) {
    const answer = await ask(users, cursor)
    changes.push(...answer.changes.map(({ user, room, member }) => ({ user, room, member })))
    cursor = answer.cursor
    if (!answer.more) return { changes, cursor, pages }
  }
}

describe('changed memberships', () => {
  it('are none without a cursor, which says that everything must be looked at', async () => {
    const ann = await kit.person()
    await kit.publicRoom(ann)
    expect(await ask([ann])).toMatchObject({ changes: [], more: false, reset: true })
  })

  it('are those that began and ended since the cursor, of the users asked for alone', async () => {
    const [ann, bob, eve] = await Promise.all([kit.person(), kit.person(), kit.person()])
    const [kept, left] = [await kit.publicRoom(ann, bob), await kit.publicRoom(ann, bob)]
    const cursor = await settle([bob])
    const joined = await kit.publicRoom(ann, bob, eve)
    await kit.rooms.leaveRoom({ user: bob, room: left })
    const answer = await ask([bob], cursor)
    expect(answer.reset).toBe(false)
    const byRoom = new Map(answer.changes.map((change) => [change.room, change]))
    expect(byRoom.get(joined)).toEqual({ user: bob, room: joined, member: true })
    expect(byRoom.get(left)).toMatchObject({ user: bob, member: false, facts: { id: left, kind: 'public' } })
    expect(byRoom.get(left)?.facts).not.toHaveProperty('me')
    expect(byRoom.has(kept)).toBe(false)
    expect(answer.changes.every((change) => change.user === bob)).toBe(true)
    await settle([bob], answer.cursor)
  })

  it('tell what a group was to somebody who was removed from it, and of a deleted room nothing but its end', async () => {
    const [ann, bob] = [await kit.person(), await kit.person('bob-of-the-group')]
    const make = async () =>
      (
        await kit.rooms.createRoom({
          user: ann,
          kind: 'group',
          name: 'Group',
          usernames: ['bob-of-the-group'],
        })
      ).room.id
    const [left, deleted] = [await make(), await make()]
    const { cursor } = await ask([])
    await kit.rooms.removeMember({ user: ann, room: left, member: bob })
    await kit.rooms.removeMember({ user: ann, room: deleted, member: bob })
    await kit.rooms.deleteRoom({ user: ann, room: deleted })
    const { changes } = await ask([bob], cursor)
    expect(changes.find((change) => change.room === left)?.facts).toMatchObject({ name: 'Group' })
    expect(changes.find((change) => change.room === deleted)).toEqual({
      user: bob,
      room: deleted,
      member: false,
    })
  })

  it('are never missed because a slower transaction commits later', async () => {
    const [ann, bob] = [await kit.person(), await kit.person()]
    const room = await kit.publicRoom(ann)
    const { cursor } = await ask([])
    const between = Promise.withResolvers<void>()
    const began = Promise.withResolvers<void>()
    const slow = kit.database.transaction(async (transaction) => {
      await transaction.query(`insert into rooms.member (room_id, user_id, role) values ($1, $2, 'member')`, [
        room,
        bob,
      ])
      began.resolve()
      await between.promise
    })
    await began.promise
    const other = await kit.publicRoom(bob)
    const first = await readAll([bob], cursor)
    expect(first.changes).toEqual([{ user: bob, room: other, member: true }])
    between.resolve()
    await slow
    expect((await readAll([bob], first.cursor)).changes).toContainEqual({ user: bob, room, member: true })
  })

  it('come in pages that lose nothing, also of what commits while they are read', async () => {
    const ann = await kit.person()
    const { cursor } = await ask([])
    const insert = (count: number, prefix: string) =>
      kit.database.query(
        `with room as (insert into rooms.room (id, kind, name, name_key) select $2 || n, 'group', '', '' from generate_series(1, $3::int) n returning id)
         insert into rooms.member (room_id, user_id, role) select id, $1, 'member' from room`,
        [ann, prefix, count],
      )
    await insert(1_200, 'm')
    const first = await ask([ann], cursor)
    expect(first.more).toBe(true)
    // Before the place where the second page goes on.
    await insert(3, 'a')
    const rest = await readAll([ann], first.cursor)
    const seen = new Set([...first.changes, ...rest.changes].map((change) => change.room))
    for (const { room } of (await readAll([ann], rest.cursor)).changes) seen.add(room)
    expect(seen.size).toBe(1_203)
  })

  it('ask for everything anew when the cursor is of another epoch, of the future, or none', async () => {
    const ann = await kit.person()
    const { cursor } = await ask([])
    const [epoch, xmin] = cursor.split('.')
    for (const bad of [
      `other.${xmin}`,
      `${epoch}.${BigInt(xmin ?? 0) + 1_000_000n}`,
      'nonsense',
      '',
      `${epoch}.x`,
    ])
      expect(await ask([ann], bad)).toMatchObject({ changes: [], reset: true })
  })

  it('are asked for at most 1,000 users at once', () => {
    const { input } = roomsContract.verbs.changedMemberships
    const users = (count: number) => ({ users: Array.from({ length: count }, (_, n) => `u${n}`) })
    expect(input.safeParse(users(CHANGED_MEMBERSHIPS_MAX_USERS)).success).toBe(true)
    expect(input.safeParse(users(CHANGED_MEMBERSHIPS_MAX_USERS + 1)).success).toBe(false)
  })

  it('are found by an index: with 50,000 memberships and nothing new, hardly anything is read', async () => {
    await kit.database.query(
      `with room as (insert into rooms.room (id, kind, name, name_key) select 'big' || n, 'group', '', '' from generate_series(1, 50000) n)
       insert into rooms.member (room_id, user_id, role) select 'big' || n, 'many' || n % 1000, 'member' from generate_series(1, 50000) n`,
    )
    await kit.database.query('analyze rooms.member')
    const users = Array.from({ length: CHANGED_MEMBERSHIPS_MAX_USERS }, (_, n) => `many${n}`)
    const cursor = await settle(users)
    const { rows } = await kit.database.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers, format text) select m.user_id, m.room_id from rooms.member m join rooms.room r on r.id = m.room_id
       where m.changed >= $2::xid8 and m.user_id = any($1) and (m.user_id, m.room_id) > ('', '') order by m.user_id, m.room_id limit 501`,
      [users, cursor.split('.')[1]],
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toContain('member_changed')
    expect(Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1] ?? 0)).toBeLessThan(50)
  })
})
