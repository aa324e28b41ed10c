import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@parley/contracts'
import { describeFileStore } from '@parley/contracts/testing/file-store-suite'
import { ParleyError } from '@parley/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { canMountSmallDisk, mountSmallDisk } from '../../../../tests/support/small-disk.ts'
import { createDirectoryFileStore } from './create-directory-file-store.ts'

async function create() {
  const directory = await mkdtemp(join(tmpdir(), 'parley-file-store-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const store = await createDirectoryFileStore({ directory, clock: systemClock })
  const isEmpty = async () =>
    (await readdir(directory, { recursive: true, withFileTypes: true })).every((one) => one.isDirectory())
  return { directory, store, isEmpty }
}

describeFileStore('a directory', create)

it('nobody else on the machine can read what lies there', async () => {
  const { directory, store } = await create()
  await store.put('secret', one(Buffer.from('x')))
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of found) {
    const { mode } = await stat(join(entry.parentPath, entry.name))
    expect(mode & 0o077, entry.name).toBe(0)
  }
})

it('what dead processes left is removed, what is being written is not', async () => {
  const { directory, store } = await create()
  const [old, young] = ['old', 'young'].map((name) => join(directory, 'drafts', name))
  for (const path of [old, young]) await writeFile(path ?? '', 'half of a file')
  const before = new Date(Date.now() - 3_600_000)
  await utimes(old ?? '', before, before)
  await store.cleanUp()
  expect(await readdir(join(directory, 'drafts'))).toEqual(['young'])
})

const canFill = await canMountSmallDisk()
it.runIf(canFill)(
  'a full disk is told as something that passes, and nothing is left of the file',
  async () => {
    const disk = await mountSmallDisk(4 * 1024 * 1024)
    onTestFinished(() => disk.unmount())
    const directory = join(disk.path, 'files')
    const store = await createDirectoryFileStore({ directory, clock: systemClock })
    await disk.fill(256 * 1024)
    const error: unknown = await store.put('large', one(Buffer.alloc(1024 * 1024))).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(ParleyError)
    expect(error).toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: expect.stringContaining('no room'),
    })
    expect(await readdir(join(directory, 'drafts'))).toEqual([])
    await disk.empty()
    expect(await store.put('large', one(Buffer.alloc(1024 * 1024)))).toBe(1024 * 1024)
  },
)

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
