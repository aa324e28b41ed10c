import type { Database } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../../../../tests/support/rooms-kit.ts'
import { createIndexMessages } from './index-messages.ts'

let kit: RoomsKit
beforeAll(async () => {
  kit = await createRoomsKit()
})
afterAll(() => kit.close())

const itemOf = (heads: Record<string, number>) => ({ id: 'item', body: JSON.stringify({ heads }) })
const stateOf = async (room: string) => {
  const { rows } = await kit.database.query<{ indexed: number; head: number; rows: number }>(
    `select indexed_seq as indexed, head_seq as head, (select count(*) from rooms.search where room_id = id) as rows
     from rooms.room where id = $1`,
    [room],
  )
  return rows[0]
}
const roomOf = async (messages: number) => {
  const ann = await kit.person()
  const room = await kit.publicRoom(ann)
  await kit.database.query(
    `with head as (update rooms.room set head_seq = head_seq + $2 where id = $1 returning head_seq - $2 as base)
     insert into rooms.entry (room_id, seq, kind, sender, at, body)
     select $1, base + n, 'message', $3, now(), 'needle ' || n from head, generate_series(1, $2::bigint) n`,
    [room, messages, ann],
  )
  const head = (await stateOf(room))?.head ?? 0
  return { ann, room, head, base: head - messages }
}

describe('indexing messages', () => {
  it('goes by the room, not by the item: repeated, late and overtaken items find nothing to do', async () => {
    const index = createIndexMessages(kit.database)
    const { room, head, base } = await roomOf(10)
    await index(itemOf({ [room]: base + 4 }))
    expect(await stateOf(room)).toMatchObject({ indexed: base + 4, rows: 4 })
    for (const seq of [head, base + 2, head, head + 1_000_000]) await index(itemOf({ [room]: seq }))
    expect(await stateOf(room)).toMatchObject({ indexed: head, rows: 10 })
  })

  it('works in bounded steps, however far behind the index is', async () => {
    let transactions = 0
    const counting: Database = {
      ...kit.database,
      transaction: (work) => {
        transactions++
        return kit.database.transaction(work)
      },
    }
    const { room, head } = await roomOf(12_000)
    await createIndexMessages(counting)(itemOf({ [room]: head }))
    expect(await stateOf(room)).toMatchObject({ indexed: head, rows: 12_000 })
    // Three with 5,000 entries at most, and one that finds nothing left.
    expect(transactions).toBe(4)
  })

  it('is right when several processes index the same rooms while messages are edited and deleted', async () => {
    const rooms = await Promise.all(Array.from({ length: 4 }, () => roomOf(1_500)))
    const heads = Object.fromEntries(rooms.map(({ room, head }) => [room, head]))
    const changes = rooms.map(async ({ ann, room, base }) => {
      for (let n = 1; n <= 40; n++) {
        const target = base + n * 30
        if (n % 2 === 0) await kit.rooms.deleteMessage({ user: ann, room, target })
        else await kit.rooms.editMessage({ user: ann, room, target, body: `changed ${n}` })
      }
    })
    const index = createIndexMessages(kit.database)
    await Promise.all([...Array.from({ length: 3 }, () => index(itemOf(heads))), ...changes])
    for (const { room } of rooms) {
      await index(itemOf({ [room]: (await stateOf(room))?.head ?? 0 }))
      expect((await stateOf(room))?.rows).toBe(1_500 - 20)
      const { rows } = await kit.database.query<{ folded: string }>(
        `select folded from rooms.search where room_id = $1 and folded like 'changed%'`,
        [room],
      )
      expect(rows).toHaveLength(20)
    }
  })

  it('leaves rooms that are not there alone and refuses what is no list of heads', async () => {
    const index = createIndexMessages(kit.database)
    const { ann, room, head } = await roomOf(3)
    await kit.rooms.deleteRoom({ user: ann, room })
    await index(itemOf({ [room]: head, 'no-such-room': 5 }))
    expect((await stateOf(room))?.rows).toBe(0)
    await expect(index({ id: 'x', body: '{"heads":[1]}' })).rejects.toThrow()
    await expect(index({ id: 'x', body: 'not json' })).rejects.toThrow()
  })
})
