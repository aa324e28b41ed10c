/** The directory of everything Parley keeps: made for its owner only, and refused when a newer Parley wrote it. */
import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PlainError } from './plain-error.ts'

/** What this program writes. Grows when an older Parley could no longer read the directory. */
export const DATA_FORMAT = 1

export interface DataDirectory {
  readonly path: string
  /** Nothing was here before this start. */
  readonly isNew: boolean
  /** Where the embedded PostgreSQL lives. */
  readonly postgres: string
}

/**
 * Opens the directory, making it (mode 0700) when it is missing. Safe when two programs start at the same
 * moment: files are made whole under another name and linked into place, and the first one stays.
 *
 * Throws `PlainError` for a directory of a newer Parley, of somebody else, or that cannot be made or written.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  await makeDirectory(path)
  const isNew = await keepFormat(path)
  return { path, isNew, postgres: join(path, 'postgres') }
}

/** Reads without changing anything; undefined when nothing is there. Throws `PlainError` for a newer format. */
export async function inspectDataDirectory(path: string): Promise<number | undefined> {
  let text: string
  try {
    text = await readFile(join(path, 'format'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const format = Number(text.trim())
  if (!Number.isInteger(format) || format < 1) {
    throw new PlainError(
      `${join(path, 'format')} does not hold a number: ${path} is not a data directory of Parley, or it is damaged. Choose another one with PARLEY_DATA.`,
    )
  }
  if (format > DATA_FORMAT) {
    throw new PlainError(
      `${path} was written by a newer Parley (data format ${format}, this one knows ${DATA_FORMAT}): start the newer Parley, or choose another directory with PARLEY_DATA.`,
    )
  }
  return format
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new PlainError(`${path} is not a directory: choose another place with PARLEY_DATA.`)
    }
    throw error
  }
  const { mode, uid } = await stat(path)
  const me = process.geteuid?.()
  if (me !== undefined && me !== 0 && uid !== me) {
    throw new PlainError(
      `${path} belongs to another user (uid ${uid}): start Parley as that user, or choose another directory with PARLEY_DATA.`,
    )
  }
  if ((mode & 0o077) !== 0) await chmod(path, 0o700)
}

async function keepFormat(path: string): Promise<boolean> {
  if ((await inspectDataDirectory(path)) !== undefined) return false
  return placeOnce(join(path, 'format'), () => `${DATA_FORMAT}\n`)
}

/** Whether it was this call that made the file. A reader never sees half of it. */
async function placeOnce(path: string, make: () => string): Promise<boolean> {
  if ((await stat(path).catch(() => undefined)) !== undefined) return false
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, make(), { mode: 0o600, flush: true })
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    await rm(draft, { force: true })
  }
}
