/** What avatars and pictures of rooms are: small squares, each a file of its own. */
import type { filesContract, InputOf, OutputOf } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { withEnding } from './clean-name.ts'
import type { FilesDependencies } from './dependencies.ts'
import { createFewAtOnce } from './few-at-once.ts'
import { FILE_COLUMNS, type FileRow } from './file-row.ts'
import { keepFile, storePicture } from './keep-file.ts'
import type { MakePicture } from './make-picture.ts'
import { collect } from './read-head.ts'

type Contract = typeof filesContract

/** Of one person; the pictures of all others wait for them. */
const SQUARES_MAX_AT_ONCE = 2

export function createMakeSquare(dependencies: FilesDependencies, makeSquare: MakePicture) {
  const { database, store } = dependencies
  const fewAtOnce = createFewAtOnce(SQUARES_MAX_AT_ONCE)
  return async ({ user, id }: InputOf<Contract, 'makeSquare'>): Promise<OutputOf<Contract, 'makeSquare'>> => {
    const { rows } = await database.query<FileRow>(
      `select ${FILE_COLUMNS} from files.file where id = $1 and owner_id = $2 and state = 'ready'`,
      [id, user],
      'files.own',
    )
    const row = rows[0]
    if (row === undefined) throw noSuchFile()
    if (row.width === null)
      throw new ParleyError('file_refused', {
        message: 'This is not a picture.',
        details: { rule: 'not_a_picture' },
      })
    // Also of what is a small square already: a picture that was sent to a few must not become one that all may see.
    const file = await fewAtOnce(user, () =>
      keepFile(dependencies, user, { leastBytes: 1, mostBytes: 1 }, async (made, room) => {
        const square = await makeSquare(async () => {
          const content = await store.get(row.id)
          if (content === undefined) throw noSuchFile()
          return collect(content)
        })
        return {
          ...(await storePicture(store, made, square, room)),
          name: withEnding(row.name, square.endings),
        }
      }),
    )
    return { file }
  }
}

function noSuchFile(): ParleyError {
  return new ParleyError('not_found', { message: 'There is no such file.' })
}
