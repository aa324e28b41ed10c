/** What becomes of files that nobody needs: the files service with time in our hands. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDirectoryFileStore } from '@parley/adapters/files/create-directory-file-store'
import { createIds, silentLog } from '@parley/contracts'
import { createFilesService } from '@parley/services/files/create-files-service'
import { filesMigrations } from '@parley/services/files/migrations'
import { reserveRoom } from '@parley/services/files/reserve-room'
import { ARRIVING_MS, DOOMED_MS, ORPHAN_MS } from '@parley/services/files/settle-files'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createManualClock } from '../support/manual-clock.ts'
import { makePng } from '../support/pictures.ts'
import { createTestDatabase } from '../support/test-database.ts'

const OWNER = 'owner'
const OTHER = 'other'

async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'parley-settle-'))
  const { database, drop } = await createTestDatabase([filesMigrations])
  onTestFinished(async () => {
    await drop()
    await rm(directory, { recursive: true, force: true })
  })
  const clock = createManualClock()
  /** Files that messages carry, and what the rooms service has dropped. */
  const used = new Set<string>()
  const dropped: { drop: number; file: string }[] = []
  const limits = { fileMaxBytes: 1e6, userMaxBytes: 2e6, totalMaxBytes: 3e6 }
  const files = createFilesService({
    database,
    clock,
    store: await createDirectoryFileStore({ directory, clock }),
    limits,
    newId: createIds(),
    log: silentLog,
    auth: {
      getPermissions: async ({ actor }) => ({
        admin: false,
        permissions: {
          create_room: true,
          invite: true,
          remove_member: true,
          send_file: actor !== 'muted',
          start_call: true,
        },
      }),
    },
    rooms: {
      canReadFile: async ({ file }) => ({ allowed: used.has(file) }),
      filesInUse: async ({ files: ids }) => ({ files: ids.filter((id) => used.has(id)) }),
      droppedFiles: async () => ({ dropped: [...dropped] }),
      forgetDroppedFiles: async ({ drops }) => {
        for (const drop of drops)
          dropped.splice(
            dropped.findIndex((one) => one.drop === drop),
            1,
          )
        return {}
      },
    },
  })
  async function* bytes(content: Uint8Array) {
    yield content
  }
  return {
    files,
    used,
    dropped,
    upload: (content: Uint8Array = makePng(30, 20), user = OWNER) =>
      files.door.upload({ user, name: 'a.png' }, bytes(content)),
    uploadFrom: (
      content: AsyncIterable<Uint8Array>,
      user = OWNER,
      announced: { announcedBytes?: number } = {},
    ) => files.door.upload({ user, name: 'a.bin', ...announced }, content),
    /** What a process that died in the middle leaves. */
    reserve: (bytes: number) =>
      reserveRoom(
        { database, limits, clock },
        { id: 'died', owner: OWNER },
        { leastBytes: bytes, mostBytes: bytes },
      ),
    /** When the rows of uploads under way were last told that they are. */
    async renewals() {
      const { rows } = await database.query<{ changed_at: Date }>(
        `select changed_at from files.file where state = 'arriving'`,
      )
      return rows.map((row) => row.changed_at.getTime())
    },
    now: clock.now,
    advance: clock.advance,
    /** Time passes, and the work of that moment is done. */
    async pass(ms: number) {
      clock.advance(ms)
      while (await files.settle());
    },
    async codeFor(user: string, id: string) {
      try {
        const { content } = await files.door.open({ user, id, variant: 'original' })
        for await (const _ of content ?? []);
        return 'open'
      } catch (error) {
        return (error as { code: string }).code
      }
    },
    async bytesStored() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true })
      const found = entries.filter((one) => one.isFile()).map((one) => stat(join(one.parentPath, one.name)))
      return (await Promise.all(found)).reduce((sum, { size }) => sum + size, 0)
    },
    bytesLeft: async () =>
      (await readdir(directory, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
        .length,
    async usage() {
      const { rows } = await database.query<{ bytes: number }>(
        'select bytes from files.usage where owner_id = $1',
        [OWNER],
      )
      return rows[0]?.bytes ?? 0
    },
  }
}

test('what was never sent is gone a day later, its bytes and its place in the quota too', async () => {
  const kit = await setUp()
  const { id } = await kit.upload()
  expect(await kit.usage()).toBeGreaterThan(0)
  await kit.pass(ORPHAN_MS)
  expect(await kit.codeFor(OWNER, id)).toBe('open')
  await kit.pass(1)
  expect(await kit.codeFor(OWNER, id)).toBe('not_found')
  expect(await kit.bytesLeft()).toBe(2)
  await kit.pass(DOOMED_MS + 1)
  expect([await kit.bytesLeft(), await kit.usage()]).toEqual([0, 0])
})

test('what a message carries stays, and goes with the last message', async () => {
  const kit = await setUp()
  const { id } = await kit.upload()
  kit.used.add(id)
  for (let day = 0; day < 3; day++) await kit.pass(ORPHAN_MS + 1)
  expect(await kit.codeFor(OTHER, id)).toBe('open')
  // One of two messages was deleted: the other still carries it.
  kit.dropped.push({ drop: 1, file: id })
  await kit.pass(DOOMED_MS + 1)
  expect([await kit.codeFor(OTHER, id), kit.dropped]).toEqual(['open', []])
  kit.used.delete(id)
  kit.dropped.push({ drop: 2, file: id })
  await kit.pass(1)
  expect(await kit.codeFor(OWNER, id)).toBe('not_found')
  await kit.pass(DOOMED_MS + 1)
  expect(await kit.bytesLeft()).toBe(0)
})

test('a message that was on its way while its file was closed gets it back', async () => {
  const kit = await setUp()
  const { id } = await kit.upload()
  await kit.files.dropFiles({ ids: [id] })
  await expect(kit.files.describeFiles({ user: OWNER, ids: [id] })).rejects.toThrow('no such file')
  kit.used.add(id)
  await kit.pass(DOOMED_MS + 1)
  expect(await kit.codeFor(OTHER, id)).toBe('open')
})

test('an avatar is no orphan; one that was replaced is', async () => {
  const kit = await setUp()
  const [first, second] = [await kit.upload(), await kit.upload()]
  for (const { id } of [first, second]) {
    await kit.files.useAsAvatar({ user: OWNER, id })
    await kit.files.releaseAvatars({ user: OWNER, except: id })
  }
  expect([await kit.codeFor(OTHER, first.id), await kit.codeFor(OTHER, second.id)]).toEqual([
    'not_found',
    'open',
  ])
  await kit.pass(ORPHAN_MS + 1)
  await kit.pass(DOOMED_MS + 1)
  expect([await kit.codeFor(OWNER, first.id), await kit.codeFor(OTHER, second.id)]).toEqual([
    'not_found',
    'open',
  ])
})

test('an avatar that another change has closed at the same moment is opened again', async () => {
  const kit = await setUp()
  const [first, second] = [await kit.upload(), await kit.upload()]
  for (const { id } of [first, second]) await kit.files.useAsAvatar({ user: OWNER, id })
  for (const { id } of [second, first]) await kit.files.releaseAvatars({ user: OWNER, except: id })
  expect([await kit.codeFor(OTHER, first.id), await kit.codeFor(OTHER, second.id)]).toEqual([
    'open',
    'not_found',
  ])
})

test('squares of one person are made two at a time, beyond that they are told to wait', async () => {
  const kit = await setUp()
  const { id } = await kit.upload(makePng(900, 600))
  const all = await Promise.allSettled(
    Array.from({ length: 5 }, () => kit.files.makeSquare({ user: OWNER, id })),
  )
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  expect(refused).toHaveLength(3)
  for (const reason of refused) expect(reason).toMatchObject({ code: 'rate_limited' })
})

test('a square is a small picture of its own, always', async () => {
  const kit = await setUp()
  const { id } = await kit.upload(makePng(900, 600))
  const { file } = await kit.files.makeSquare({ user: OWNER, id })
  expect(file).toMatchObject({ type: 'image/webp', width: 512, height: 512 })
  expect(file.id).not.toBe(id)
  const own = await kit.upload(makePng(100, 100))
  const copy = (await kit.files.makeSquare({ user: OWNER, id: own.id })).file
  expect(copy).toMatchObject({ width: 100, height: 100 })
  expect(copy.id).not.toBe(own.id)
  // What was sent to a few stays theirs, though it looks like what all see.
  await kit.files.useAsAvatar({ user: OWNER, id: copy.id })
  expect([await kit.codeFor(OTHER, copy.id), await kit.codeFor(OTHER, own.id)]).toEqual(['open', 'not_found'])
  await kit.files.releaseAvatars({ user: OWNER })
  await expect(kit.files.makeSquare({ user: OTHER, id })).rejects.toMatchObject({ code: 'not_found' })
  const words = await kit.upload(Buffer.from('words'))
  await expect(kit.files.makeSquare({ user: OWNER, id: words.id })).rejects.toMatchObject({
    details: { rule: 'not_a_picture' },
  })
  // What was not used goes as everything does that nobody needs.
  await kit.pass(ORPHAN_MS + 1)
  await kit.pass(DOOMED_MS + 1)
  expect([await kit.bytesLeft(), await kit.usage()]).toEqual([0, 0])
})

test('an avatar is a picture of one’s own', async () => {
  const kit = await setUp()
  const text = await kit.upload(Buffer.from('no picture'))
  await expect(kit.files.useAsAvatar({ user: OWNER, id: text.id })).rejects.toThrow('not a picture')
  const picture = await kit.upload()
  await expect(kit.files.useAsAvatar({ user: OTHER, id: picture.id })).rejects.toThrow('no such file')
})

test('without the permission nobody uploads, and beyond a quota nothing is stored', async () => {
  const kit = await setUp()
  await expect(kit.upload(makePng(9, 9), 'muted')).rejects.toMatchObject({ code: 'forbidden' })
  const large = Buffer.alloc(1e6, 'x')
  await kit.upload(large)
  await kit.upload(large)
  await expect(kit.upload(Buffer.from('x'))).rejects.toMatchObject({ code: 'quota_exceeded' })
  await kit.upload(large, OTHER)
  await expect(kit.upload(Buffer.from('x'), OTHER)).rejects.toMatchObject({
    code: 'quota_exceeded',
    details: { rule: 'total_quota' },
  })
  await expect(kit.upload(Buffer.alloc(1e6 + 1, 'x'), 'third')).rejects.toMatchObject({
    code: 'quota_exceeded',
  })
})

/** So many bytes, and the end only when `end` resolves. */
async function* slowly(bytes: number, end: Promise<void> = Promise.resolve()): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < bytes; sent += 100_000) yield Buffer.alloc(Math.min(100_000, bytes - sent), 'x')
  await end
}

const FEW_BYTES = 400_000

test.each([
  { how: 'announced', announced: { announcedBytes: FEW_BYTES }, stored: 7 },
  // Whose length is not known takes more room while it comes: as much as a file may have.
  { how: 'not announced', announced: {}, stored: 3 },
])('uploads at once never store more together than is allowed: $how', async ({ announced, stored }) => {
  const kit = await setUp()
  const end = Promise.withResolvers<void>()
  let over = 0
  const uploads = [OWNER, OTHER].flatMap((user) =>
    Array.from({ length: 10 }, () =>
      kit.uploadFrom(slowly(FEW_BYTES, end.promise), user, announced).finally(() => over++),
    ),
  )
  const all = Promise.allSettled(uploads)
  // Those that are not refused have nothing left to send; all of it lies on the disk.
  await vi.waitUntil(async () => over === 20 - stored && (await kit.bytesStored()) >= stored * FEW_BYTES, {
    timeout: 20_000,
    interval: 20,
  })
  expect(await kit.bytesStored()).toBe(stored * FEW_BYTES)
  expect(await kit.usage()).toBeLessThanOrEqual(2e6)
  end.resolve()
  const outcomes = await all
  expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(stored)
  for (const one of outcomes)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'quota_exceeded' })
  // Nothing is reserved any more: the sums are those of the files.
  const mine = outcomes.slice(0, 10).filter((one) => one.status === 'fulfilled').length
  expect(await kit.usage()).toBe(mine * FEW_BYTES)
})

test('the last bytes of a quota can be used, their number announced or not', async () => {
  const kit = await setUp()
  await kit.uploadFrom(slowly(1e6))
  await kit.uploadFrom(slowly(750_000))
  await kit.uploadFrom(slowly(200_000))
  // With what the form around it takes it would be too much.
  await kit.uploadFrom(slowly(50_000), OWNER, { announcedBytes: 50_300 })
  expect(await kit.usage()).toBe(2e6)
})

test('room that was reserved is free again when an upload breaks', async () => {
  const kit = await setUp()
  async function* broken() {
    yield* slowly(FEW_BYTES)
    expect(await kit.usage()).toBe(1e6)
    throw new Error('the line is dead')
  }
  await expect(kit.uploadFrom(broken(), OWNER, { announcedBytes: 1e6 })).rejects.toThrow('dead')
  expect([await kit.bytesLeft(), await kit.usage(), await kit.renewals()]).toEqual([0, 0, []])
})

test('what a process that died had reserved is swept with its row, and of an upload that goes on nothing is', async () => {
  const kit = await setUp()
  const end = Promise.withResolvers<void>()
  const slow = kit.uploadFrom(slowly(FEW_BYTES, end.promise), OWNER, { announcedBytes: FEW_BYTES })
  await vi.waitUntil(async () => (await kit.bytesStored()) === FEW_BYTES, { timeout: 20_000, interval: 20 })
  await kit.reserve(1e6)
  expect(await kit.usage()).toBe(1e6 + FEW_BYTES)
  kit.advance(60_000)
  await vi.waitUntil(async () => (await kit.renewals()).includes(kit.now()), {
    timeout: 20_000,
    interval: 20,
  })
  await kit.pass(ARRIVING_MS - 1)
  expect([await kit.usage(), (await kit.renewals()).length]).toEqual([FEW_BYTES, 1])
  end.resolve()
  expect((await slow).bytes).toBe(FEW_BYTES)
})
