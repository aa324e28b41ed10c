/** Where uploaded files lie, by the settings. */
import { join } from 'node:path'
import { createDirectoryFileStore } from '@parley/adapters/files/create-directory-file-store'
import { type FileStore, systemClock } from '@parley/contracts'
import type { Settings } from '../settings/table.ts'

export function fileDirectoryOf({ fileStore, data }: Pick<Settings, 'fileStore' | 'data'>): string {
  return fileStore ?? join(data, 'files')
}

export function openFileStore(settings: Settings): Promise<FileStore> {
  return createDirectoryFileStore({ directory: fileDirectoryOf(settings), clock: systemClock })
}
