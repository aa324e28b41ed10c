/** What avatars and pictures of rooms are: small squares, each a file of its own. */
import type { filesContract, InputOf, OutputOf } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { withEnding } from './clean-name.ts'
import type { FilesDependencies } from './dependencies.ts'
import { createFewAtOnce } from './few-at-once.ts'
import { FILE_COLUMNS, type FileRow, toFile } from './file-row.ts'
import { keepFile, storePicture } from './keep-file.ts'
import { type MakePicture, SQUARE_MAX_SIDE } from './make-picture.ts'
import { collect } from './read-head.ts'
import { readRoom } from './usage.ts'

type Contract = typeof filesContract

/** Formats in which nothing moves. */
const STILL = new Set(['image/jpeg', 'image/png'])
/** Of one person; the pictures of all others wait for them. */
const SQUARES_MAX_AT_ONCE = 2

export function createMakeSquare(dependencies: FilesDependencies, makeSquare: MakePicture) {
  const { database, store, limits } = dependencies
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
    if (row.width === row.height && row.width <= SQUARE_MAX_SIDE && STILL.has(row.type))
      return { file: toFile(row) }
    await readRoom(database, limits, user)
    const square = await fewAtOnce(user, () =>
      makeSquare(async () => {
        const content = await store.get(row.id)
        if (content === undefined) throw noSuchFile()
        return collect(content)
      }),
    )
    const file = await keepFile(dependencies, user, async (made) => ({
      ...(await storePicture(store, made, square)),
      name: withEnding(row.name, square.endings),
    }))
    return { file }
  }
}

function noSuchFile(): ParleyError {
  return new ParleyError('not_found', { message: 'There is no such file.' })
}
