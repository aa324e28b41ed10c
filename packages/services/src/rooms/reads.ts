/** The verbs that only read, each a query or two. */
import type { Cache, Database, RoomsService } from '@parley/contracts'
import { canReadFile, droppedFiles, filesInUse, forgetDroppedFiles } from './attachments.ts'
import { listFiles } from './list-files.ts'
import { listBans, listMembers } from './list-members.ts'
import { getMessage, listMessages, listPins } from './list-messages.ts'
import { listPreviews } from './list-previews.ts'
import { listRoomIds } from './list-rooms.ts'
import { listTellable } from './list-tellable.ts'
import { memberMarks } from './member-marks.ts'
import { floors, heads, readLog, replay } from './read-log.ts'
import { searchMessages } from './search-messages.ts'

type Reads =
  | 'listMembers'
  | 'listBans'
  | 'listMessages'
  | 'getMessage'
  | 'listFiles'
  | 'listPins'
  | 'searchMessages'
  | 'readLog'
  | 'canReadFile'
  | 'filesInUse'
  | 'droppedFiles'
  | 'forgetDroppedFiles'
  | 'listRoomIds'
  | 'floors'
  | 'heads'
  | 'replay'
  | 'listTellable'
  | 'memberMarks'
  | 'listPreviews'

export function createReads(database: Database, cache: Cache): Pick<RoomsService, Reads> {
  return {
    listMembers: (input) => listMembers(database, input),
    listBans: (input) => listBans(database, input),
    listMessages: (input) => listMessages(database, cache, input),
    getMessage: (input) => getMessage(database, input),
    listFiles: (input) => listFiles(database, input),
    listPins: (input) => listPins(database, input),
    searchMessages: (input) => searchMessages(database, input),
    readLog: (input) => readLog(database, input),
    canReadFile: (input) => canReadFile(database, input),
    filesInUse: (input) => filesInUse(database, input),
    droppedFiles: (input) => droppedFiles(database, input),
    forgetDroppedFiles: (input) => forgetDroppedFiles(database, input),
    listRoomIds: (input) => listRoomIds(database, input),
    floors: (input) => floors(database, input),
    heads: (input) => heads(database, input),
    replay: (input) => replay(database, input),
    listTellable: (input) => listTellable(database, input),
    memberMarks: (input) => memberMarks(database, input),
    listPreviews: (input) => listPreviews(database, input),
  }
}
