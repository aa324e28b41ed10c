/**
 * Files in a directory, which several processes may share. A file is written under another name, brought to the disk
 * and only then renamed to its own: whoever finds the name finds all of it, also after the power failed.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { assertFileKey, type Clock, type FileStore } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

/** Nobody wrote to it for so long: its process is dead. Whoever sends nothing for a minute is hung up on. */
const ABANDONED_MS = 15 * 60_000
const FULL_RETRY_MS = 30_000
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const DRAFTS = 'drafts'

export interface DirectoryFileStoreOptions {
  /** Made when missing, for its owner only. */
  readonly directory: string
  readonly clock: Clock
}

export async function createDirectoryFileStore({
  directory,
  clock,
}: DirectoryFileStoreOptions): Promise<FileStore> {
  const drafts = join(directory, DRAFTS)
  await mkdir(drafts, { recursive: true, mode: 0o700 })
  /** By the last two characters, which are random in our ids: a thousand folders of even size. */
  const folderOf = (key: string): string => join(directory, (key.split('.', 1)[0] ?? '').slice(-2))
  const pathOf = (key: string): string => {
    assertFileKey(key)
    return join(folderOf(key), key)
  }

  return {
    async put(key, content) {
      const path = pathOf(key)
      const draft = join(drafts, randomUUID())
      try {
        const bytes = await writeDraft(draft, content)
        await mkdir(folderOf(key), { recursive: true, mode: 0o700 })
        await rename(draft, path)
        await syncDirectory(folderOf(key))
        return bytes
      } catch (error) {
        await rm(draft, { force: true })
        throw plainError(error)
      }
    },
    async get(key, range) {
      let file: FileHandle
      try {
        file = await open(pathOf(key), 'r')
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw error
      }
      return file.createReadStream(range === undefined ? {} : { start: range.start, end: range.end })
    },
    async delete(key) {
      await unlink(pathOf(key)).catch(unlessMissing)
    },
    async exists(key) {
      return (await stat(pathOf(key)).catch(unlessMissing)) !== undefined
    },
    async cleanUp() {
      for (const name of await readdir(drafts)) {
        const path = join(drafts, name)
        const found = await stat(path).catch(unlessMissing)
        if (found !== undefined && found.mtimeMs < clock.now() - ABANDONED_MS) await rm(path, { force: true })
      }
    },
    close() {},
  }
}

async function writeDraft(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'wx', 0o600)
  try {
    let bytes = 0
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
      bytes += chunk.length
    }
    await file.sync()
    return bytes
  } finally {
    await file.close()
  }
}

/** The name itself is on the disk only then. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function plainError(error: unknown): unknown {
  if (!FULL.has(codeOf(error) ?? '')) return error
  return new ParleyError('unavailable', {
    message: 'The server has no room for files at the moment; try again later.',
    retryAfterMs: FULL_RETRY_MS,
    cause: error,
  })
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
  return undefined
}
