import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../../../../tests/support/rooms-kit.ts'

let kit: RoomsKit
beforeAll(async () => {
  kit = await createRoomsKit()
})
afterAll(() => kit.close())

test('what was committed and not yet told is counted, with the age of the oldest, until the relay has told it', async () => {
  const ann = await kit.person()
  const room = await kit.publicRoom(ann)
  await kit.database.query('delete from rooms.outbox')
  expect(await kit.rooms.backlog()).toEqual({ rows: 0, oldestMs: 0 })
  await kit.send(ann, room, 'one')
  await kit.send(ann, room, 'two')
  await kit.database.query(
    `update rooms.outbox set at = at - interval '1 hour' where id = (select min(id) from rooms.outbox)`,
  )
  const backlog = await kit.rooms.backlog()
  expect(backlog.rows).toBe(2)
  expect(backlog.oldestMs).toBeGreaterThanOrEqual(3_600_000)
  expect(backlog.oldestMs).toBeLessThan(3_660_000)
  await kit.database.query(`update rooms.outbox set at = at - interval '1 hour'`)
  await kit.rooms.runRelay()
  expect(await kit.rooms.backlog()).toEqual({ rows: 0, oldestMs: 0 })
})
