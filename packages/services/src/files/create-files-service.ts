/** The files service: its verbs, the door for bytes, and the work of removing what nobody needs. */
import type { FileDoor, FilesService, filesContract, InputOf } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { repeat } from '../shared/repeat.ts'
import { createAvatars } from './avatars.ts'
import type { FilesDependencies } from './dependencies.ts'
import { FILE_COLUMNS, type FileRow, toFile } from './file-row.ts'
import { createPictureMaker } from './make-picture.ts'
import { createMakeSquare } from './make-square.ts'
import { createOpenFile } from './open-file.ts'
import { dropFiles, settleFiles } from './settle-files.ts'
import { createUploadFile } from './upload-file.ts'

const SETTLE_INTERVAL_MS = 30_000

export interface RunningFilesService extends FilesService {
  readonly door: FileDoor
  /** Removes what nobody needs, until `close`. */
  start(): void
  /** One round of it; true when there may be more to do. For tests. */
  settle(): Promise<boolean>
  close(): Promise<void>
}

export function createFilesService(dependencies: FilesDependencies): RunningFilesService {
  const { database, store, clock, log } = dependencies
  const pictures = createPictureMaker()
  const settle = () => settleFiles(dependencies)
  const settling = repeat(clock, async () => {
    try {
      await store.cleanUp()
      while (await settle());
    } catch (error) {
      log.warn({ error: String(error) }, 'removing files failed; it is tried again')
    }
    return SETTLE_INTERVAL_MS
  })
  return {
    door: {
      upload: createUploadFile(dependencies, pictures.make),
      open: createOpenFile(dependencies),
    },
    describeFiles: (input) => describeFiles(dependencies, input),
    makeSquare: createMakeSquare(dependencies, pictures.makeSquare),
    ...createAvatars({ database, clock }),
    async dropFiles({ ids }) {
      await dropFiles(dependencies, ids)
      return {}
    },
    start: () => settling.start(),
    settle,
    close: () => settling.close(),
  }
}

async function describeFiles(
  { database }: FilesDependencies,
  { user, ids }: InputOf<typeof filesContract, 'describeFiles'>,
) {
  const { rows } = await database.query<FileRow>(
    `select ${FILE_COLUMNS} from files.file where id = any($1) and owner_id = $2 and state = 'ready'`,
    [ids, user],
    'files.describe',
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return {
    files: ids.map((id) => {
      const row = byId.get(id)
      if (row === undefined) throw new ParleyError('not_found', { message: 'There is no such file.' })
      return toFile(row)
    }),
  }
}
