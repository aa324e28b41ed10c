/** Legal holds, and the dry run that tells of them. */
import { silentLog, systemClock } from '@parley/contracts'
import { archiveEntries } from '@parley/services/rooms/archive-entries'
import { purgeDeletedRooms } from '@parley/services/rooms/delete-room'
import { liftHold, listHolds, listKept, placeHold } from '@parley/services/rooms/holds'
import { shareHolds } from '@parley/services/rooms/keep-held'
import { previewRetention } from '@parley/services/rooms/preview-retention'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRetentionKit, type RetentionKit } from '../support/retention-kit.ts'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

const ALL = 8_640_000_000_000_000
const NOTHING_LEFT = { entries: 0, messages: 0, kept: 0 }

let kit: RoomsKit
let owner: string
let retention: RetentionKit
beforeAll(async () => {
  kit = await createRoomsKit()
  owner = await kit.person()
  retention = createRetentionKit(kit, owner)
})
afterAll(() => kit.close())

async function archive(): Promise<void> {
  await archiveEntries({ database: kit.database, clock: systemClock, log: silentLog }, { before: ALL })
}

it('a dry run says what a run does, and changes nothing', async () => {
  const held = await kit.person()
  const room = await kit.publicRoom(owner, held)
  for (let i = 0; i < 3; i++) await kit.send(i === 0 ? held : owner, room, `text ${i}`)
  const file = { id: 'f-dry-1', name: 'a.png', type: 'image/png', bytes: 1_234 }
  await kit.database.query(
    `with head as (update rooms.room set head_seq = head_seq + 1 where id = $1 returning head_seq)
     insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body, data)
     select $1, head_seq, 'message', $2, 'with-a-file', now(), '', $3 from head`,
    [room, owner, JSON.stringify({ files: [file] })],
  )
  await archive()
  const { room: facts } = await kit.rooms.getRoom({ user: owner, room })
  await retention.age(room, facts.head_seq, 40)
  const placed = await placeHold(kit.database, { scope: 'user', target: held, reason: 'a case', by: 'test' })
  const everything = async () =>
    (
      await kit.database.query(
        `select (select jsonb_agg(r order by r.id) from rooms.room r) as rooms, (select jsonb_agg(l order by l.room_id, l.seq) from rooms.log l) as log,
         (select count(*) from rooms.outbox) as outbox, (select count(*) from rooms.kept) as kept, (select count(*) from rooms.attachment) as files`,
      )
    ).rows
  const before = await everything()
  expect(await retention.preview(room, 30)).toMatchObject({
    days: 30,
    messages: 4,
    entries: 6,
    files: 1,
    file_bytes: 1_234,
    kept: 1,
    on_hold: false,
  })
  expect(await retention.preview(room, 50)).toBeUndefined()
  const said = { messages: 0, entries: 0, kept: 0 }
  for await (const one of previewRetention(kit.database, 30)) {
    said.messages += one.messages
    said.entries += one.entries
    said.kept += one.kept
  }
  expect(await everything()).toEqual(before)
  expect(await retention.expireAll(30)).toEqual(said)
  expect((await kit.rooms.droppedFiles({ limit: 500 })).dropped.map(({ file }) => file)).toContain('f-dry-1')
  await liftHold(kit.database, placed.hold.id, 'test')
})

it('a room on hold stays as it is, also when its owner deletes it', async () => {
  const { room } = await retention.roomOf(40)
  const { hold, fresh } = await placeHold(kit.database, {
    scope: 'room',
    target: room,
    reason: 'a case',
    by: 'test',
  })
  expect(fresh).toBe(true)
  expect(
    (await placeHold(kit.database, { scope: 'room', target: room, reason: 'again', by: 'x' })).hold,
  ).toEqual(hold)
  await retention.expireAll(30)
  expect(await retention.countIn('log', room)).toBe(41)
  expect(await retention.preview(room, 30)).toMatchObject({ on_hold: true, messages: 10 })
  await kit.rooms.deleteRoom({ user: owner, room })
  while (await purgeDeletedRooms(kit.database, silentLog));
  expect(await retention.countIn('log', room)).toBe(41)
  await liftHold(kit.database, hold.id, 'somebody')
  while (await purgeDeletedRooms(kit.database, silentLog));
  expect(await retention.countIn('log', room)).toBe(0)
  expect((await listHolds(kit.database, { all: true })).at(-1)).toMatchObject({
    target: room,
    lifted_by: 'somebody',
  })
})

it('what a person on hold has said leaves the room like all else, and is kept until the hold is lifted', async () => {
  const held = await kit.person()
  const room = await kit.publicRoom(owner, held)
  const old = await kit.send(held, room, 'old words of the held')
  await kit.send(owner, room, 'old words of another')
  const deleted = await kit.send(held, room, 'words to delete')
  await kit.rooms.editMessage({ user: held, room, target: deleted, body: 'other words to delete' })
  const file = { id: 'f-held-1', name: 'a.png', type: 'image/png', bytes: 1 }
  const { rows } = await kit.database.query<{ seq: number }>(
    `with head as (update rooms.room set head_seq = head_seq + 1 where id = $1 returning head_seq)
     insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body, data)
     select $1, head_seq, 'message', $2, 'with-a-file', now(), '', $3 from head returning seq`,
    [room, held, JSON.stringify({ files: [file] })],
  )
  const { hold } = await placeHold(kit.database, {
    scope: 'user',
    target: held,
    reason: 'a case',
    by: 'test',
  })
  await kit.rooms.deleteMessage({ user: held, room, target: deleted })
  await kit.rooms.deleteMessage({ user: held, room, target: rows[0]?.seq ?? 0 })
  await retention.age(room, old + 1, 40)
  await retention.expireAll(30)
  expect(await retention.bodies(room)).toEqual(['', ''])
  expect(await kit.rooms.canReadFile({ user: held, file: 'f-held-1' })).toEqual({ allowed: false })
  expect(await kit.rooms.filesInUse({ files: ['f-held-1'] })).toEqual({ files: ['f-held-1'] })
  const kept = await listKept(kit.database, hold, { limit: 10 })
  expect(kept.map(({ body }) => body)).toEqual([
    'old words of the held',
    'words to delete',
    'other words to delete',
    '',
  ])

  await kit.rooms.deleteRoom({ user: owner, room })
  while (await purgeDeletedRooms(kit.database, silentLog));
  expect(await listKept(kit.database, hold, { limit: 10 })).toHaveLength(4)
  await liftHold(kit.database, hold.id, 'test')
  await retention.expireAll(null)
  expect(await listKept(kit.database, hold, { limit: 10 })).toEqual([])
  expect(await kit.rooms.filesInUse({ files: ['f-held-1'] })).toEqual({ files: [] })
  expect((await kit.rooms.droppedFiles({ limit: 500 })).dropped.map((one) => one.file)).toContain('f-held-1')
})

it('a hold on the server holds everything', async () => {
  const { room } = await retention.roomOf(40)
  const { hold } = await placeHold(kit.database, {
    scope: 'server',
    target: '',
    reason: 'a case',
    by: 'test',
  })
  expect(await retention.expireAll(30)).toMatchObject(NOTHING_LEFT)
  await liftHold(kit.database, hold.id, 'test')
  expect(await retention.expireAll(30)).toMatchObject({ messages: 10 })
  expect(await retention.countIn('log', room)).toBe(30)
})

it('placing a hold waits for whoever is removing words, so that nobody goes on without having seen it', async () => {
  const { room } = await retention.roomOf(1)
  const removing = Promise.withResolvers<void>()
  const isRemoving = Promise.withResolvers<void>()
  const removal = kit.database.transaction(async (transaction) => {
    await shareHolds(transaction)
    isRemoving.resolve()
    await removing.promise
  })
  await isRemoving.promise
  let isPlaced = false
  const placing = placeHold(kit.database, { scope: 'room', target: room, reason: 'a case', by: 'test' }).then(
    (placed) => {
      isPlaced = true
      return placed
    },
  )
  await expect
    .poll(async () => {
      const { rows } = await kit.database.query(
        `select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
      )
      return rows.length
    })
    .toBe(1)
  expect(isPlaced).toBe(false)
  removing.resolve()
  await removal
  await liftHold(kit.database, (await placing).hold.id, 'test')
})
