import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@parley/adapters/engines/free-port'
import { expect, onTestFinished, test } from 'vitest'
import { checkFileStore, filePlaceOf } from './open-file-store.ts'

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-place-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('files lie in the data directory where nothing else is said', () => {
  expect(filePlaceOf({ data: '/data', fileStore: undefined })).toBe('/data/files')
  expect(filePlaceOf({ data: '/data', fileStore: '/mnt/files' })).toBe('/mnt/files')
})

test('a directory is tried by writing to it, and nothing stays there', async () => {
  const data = await temporary()
  const place = { data, fileStore: undefined }
  expect(await checkFileStore(place)).toContain('will be made at the first start')
  await mkdir(join(data, 'files'))
  expect(await checkFileStore(place)).toBe(join(data, 'files'))
  expect(await readdir(join(data, 'files'))).toEqual([])
})

test('what is no directory is named with its setting', async () => {
  const file = join(await temporary(), 'file')
  await writeFile(file, '')
  await expect(checkFileStore({ data: '/nowhere', fileStore: file })).rejects.toThrow('PARLEY_FILE_STORE')
})

test('a bucket that does not answer is named without its secret', async () => {
  const fileStore = `s3+http://key:topsecret@127.0.0.1:${await freePort()}/bucket`
  const error: unknown = await checkFileStore({ data: '/nowhere', fileStore }).catch(
    (thrown: unknown) => thrown,
  )
  expect(String(error)).toMatch(/bucket at http:.*ECONNREFUSED.*PARLEY_FILE_STORE/)
  expect(String(error)).not.toContain('topsecret')
})
