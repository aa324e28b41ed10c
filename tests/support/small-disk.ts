/** A disk that is soon full: a file system in memory, where this user may mount one. */
import { execFile } from 'node:child_process'
import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const BLOCK = Buffer.alloc(64 * 1024, 1)

export interface SmallDisk {
  readonly path: string
  /** Writes until at most so many bytes are left. */
  fill(leaveBytes?: number): Promise<void>
  /** Removes what `fill` wrote. */
  empty(): Promise<void>
  unmount(): Promise<void>
}

/** It takes root, and Linux. */
export async function canMountSmallDisk(): Promise<boolean> {
  return mountSmallDisk(BLOCK.length).then(
    async (disk) => {
      await disk.unmount()
      return true
    },
    () => false,
  )
}

export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'parley-disk-'))
  try {
    // Others may enter, as PostgreSQL runs as somebody else when we are root.
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tmpfs', path])
  } catch (error) {
    await rmdir(path)
    throw error
  }
  const ballast = join(path, 'ballast')
  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  }
  return {
    path,
    async fill(leaveBytes = 0) {
      const file = await open(ballast, 'a')
      try {
        while ((await freeBytes()) > leaveBytes) await file.write(BLOCK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        await file.close()
      }
    },
    empty: () => rm(ballast, { force: true }),
    async unmount() {
      await run('umount', ['--lazy', path])
      await rmdir(path)
    },
  }
}
