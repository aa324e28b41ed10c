/** What the files service promises: who sent what, and what it is. Bytes travel beside it, through the `FileDoor`. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, type ServiceOf, verb } from './contract.ts'

const ids = z.array(shape.id).max(500)

export const filesContract = defineContract('files', {
  /**
   * Files of this user that can be sent, in the order asked for. Throws `not_found` where one of them is not theirs,
   * or is being removed. What it names stays for at least a minute.
   */
  describeFiles: verb(z.object({ user: shape.id, ids }), z.object({ files: z.array(shape.file) })),
  /**
   * A picture of one's own as a square of at most 512 pixels a side that stands still: always a file of its own, so that
   * who sees the square sees nothing else. Throws `not_found`, `file_refused` for anything but a picture, and as an upload does.
   */
  makeSquare: verb(z.object({ user: shape.id, id: shape.id }), z.object({ file: shape.file })),
  /** Shows a picture of one's own to everybody who is signed in. Throws `not_found`, and `file_refused` for anything but a picture. */
  useAsAvatar: verb(z.object({ user: shape.id, id: shape.id }), z.object({})),
  /** Pictures that are this user's avatar no more; all of them without `except`, which is it again if it was not. */
  releaseAvatars: verb(z.object({ user: shape.id, except: shape.id.optional() }), z.object({})),
  /** Those of them that no message carries any more are closed at once and removed within minutes. */
  dropFiles: verb(z.object({ ids }), z.object({})),
})

export type FilesService = ServiceOf<typeof filesContract>
