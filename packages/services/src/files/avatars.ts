/** Pictures that everybody signed in may see, as long as they are somebody's avatar. */
import type { FilesService } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { FilesDependencies } from './dependencies.ts'

export function createAvatars({
  database,
  clock,
}: Pick<FilesDependencies, 'database' | 'clock'>): Pick<FilesService, 'useAsAvatar' | 'releaseAvatars'> {
  return {
    async useAsAvatar({ user, id }) {
      const { rows } = await database.query<{ width: number | null }>(
        `select width from files.file where id = $1 and owner_id = $2 and state = 'ready'`,
        [id, user],
      )
      const [file] = rows
      if (file === undefined) throw new ParleyError('not_found', { message: 'There is no such file.' })
      if (file.width === null)
        throw new ParleyError('file_refused', {
          message: 'This is not a picture.',
          details: { rule: 'not_a_picture' },
        })
      const { rowCount } = await database.query(
        `update files.file set is_avatar = true where id = $1 and state = 'ready'`,
        [id],
      )
      if (rowCount === 0) throw new ParleyError('not_found', { message: 'There is no such file.' })
      return {}
    },
    async releaseAvatars({ user, except }) {
      // From now on like any file: it goes when no message carries it. The one that is left may have been closed by another
      // change at the same moment.
      await database.query(
        `update files.file set is_avatar = (id is not distinct from $2), kept = false, changed_at = $3
         where owner_id = $1 and is_avatar <> (id is not distinct from $2)`,
        [user, except ?? null, new Date(clock.now())],
      )
      return {}
    },
  }
}
