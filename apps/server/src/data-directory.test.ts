import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DATA_FORMAT, inspectDataDirectory, openDataDirectory } from './data-directory.ts'

async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-data-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('a new directory is made for its owner only, with its format, and the next start finds it', async () => {
  const path = join(await emptyDirectory(), 'deep', 'data')
  expect(await openDataDirectory(path)).toMatchObject({ path, isNew: true, postgres: join(path, 'postgres') })
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect(await readFile(join(path, 'format'), 'utf8')).toBe(`${DATA_FORMAT}\n`)
  expect((await openDataDirectory(path)).isNew).toBe(false)
})

test('of many starts at the same moment exactly one is the first, and nothing is left over', async () => {
  const path = join(await emptyDirectory(), 'data')
  const opened = await Promise.all(Array.from({ length: 20 }, () => openDataDirectory(path)))
  expect(opened.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(await readdir(path)).toEqual(['format'])
})

test('a directory that others could enter is closed to them', async () => {
  const path = await emptyDirectory()
  await chmod(path, 0o755)
  await openDataDirectory(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test('the present format is taken, the next one is refused, and nonsense is not ours', async () => {
  const path = await emptyDirectory()
  expect(await inspectDataDirectory(path)).toBeUndefined()
  await writeFile(join(path, 'format'), String(DATA_FORMAT))
  expect(await inspectDataDirectory(path)).toBe(DATA_FORMAT)
  await writeFile(join(path, 'format'), String(DATA_FORMAT + 1))
  await expect(openDataDirectory(path)).rejects.toThrow('was written by a newer Parley')
  await writeFile(join(path, 'format'), 'nonsense')
  await expect(openDataDirectory(path)).rejects.toThrow('is not a data directory of Parley')
})
