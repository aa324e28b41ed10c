/** Where uploaded files lie, by the settings: a directory, or a bucket of S3. */
import { randomUUID } from 'node:crypto'
import { access, constants, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryFileStore } from '@parley/adapters/files/create-directory-file-store'
import { createS3FileStore } from '@parley/adapters/files/s3/create-s3-file-store'
import { S3Failure } from '@parley/adapters/files/s3/s3-client'
import { type FileStore, type Log, silentLog, systemClock } from '@parley/contracts'
import { PlainError } from '../plain-error.ts'
import { isS3Url, readS3Url } from '../settings/s3-url.ts'
import type { Settings } from '../settings/table.ts'

type Place = Pick<Settings, 'fileStore' | 'data'>

/** A directory, or the URL of a bucket. */
export function filePlaceOf({ fileStore, data }: Place): string {
  return fileStore ?? join(data, 'files')
}

export async function openFileStore(settings: Place, log: Log): Promise<FileStore> {
  const place = filePlaceOf(settings)
  return isS3Url(place)
    ? createS3FileStore({ bucket: readS3Url(place), clock: systemClock, log })
    : createDirectoryFileStore({ directory: place, clock: systemClock })
}

/** Writes, reads and removes something there; for `parley doctor`. Throws `PlainError`. */
export async function checkFileStore(settings: Place): Promise<string> {
  const place = filePlaceOf(settings)
  return isS3Url(place) ? checkBucket(place) : checkDirectory(place)
}

async function checkBucket(place: string): Promise<string> {
  const bucket = readS3Url(place)
  const store = createS3FileStore({ bucket, clock: systemClock, log: silentLog })
  try {
    await store.probe()
    return `bucket ${bucket.bucket} at ${bucket.origin} takes, gives back and removes files`
  } catch (error) {
    const reason = error instanceof S3Failure ? error.reason : String(error)
    throw new PlainError(
      `bucket ${bucket.bucket} at ${bucket.origin} does not take files (${reason}): make the bucket, give the key the right to read, write, list and delete in it, or mend PARLEY_FILE_STORE.`,
    )
  } finally {
    store.close()
  }
}

async function checkDirectory(place: string): Promise<string> {
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${place} will be made at the first start`
    throw new PlainError(`${place} cannot be written: give it to this user, or mend PARLEY_FILE_STORE.`)
  }
  const probe = join(place, `probe-${randomUUID()}`)
  try {
    await writeFile(probe, 'parley', { mode: 0o600, flush: true })
  } catch (error) {
    throw new PlainError(
      `${place} takes no files (${error instanceof Error ? error.message : String(error)}): mend PARLEY_FILE_STORE.`,
    )
  } finally {
    await rm(probe, { force: true })
  }
  return place
}
