/**
 * What becomes of files that nobody needs, in two steps with a moment between them. First nobody gets the file any
 * more, so that no new message can name it; then, when a message that was being sent in that moment has been stored, it
 * is looked at again, and it is removed or, where a message carries it after all, given back.
 */
import { deleteRow } from './delete-row.ts'
import type { FilesDependencies } from './dependencies.ts'
import { keysOf } from './file-row.ts'

/** Uploaded and not sent. */
export const ORPHAN_MS = 24 * 3_600_000
/** Longer than a message can be on its way. */
export const DOOMED_MS = 60_000
/** Many times as long as an upload that is under way goes without renewing its row: its process has died. */
export const ARRIVING_MS = 3_600_000
const STEP_MAX_FILES = 200

type Parts = Pick<FilesDependencies, 'database' | 'store' | 'rooms' | 'clock' | 'log'>

/** Those of them that no message carries. */
async function unused({ rooms }: Parts, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const { files } = await rooms.filesInUse({ files: [...ids] })
  const used = new Set(files)
  return ids.filter((id) => !used.has(id))
}

/** Closes those that no message carries. */
export async function dropFiles(parts: Parts, ids: readonly string[]): Promise<void> {
  const doomed = await unused(parts, ids)
  if (doomed.length > 0) await doom(parts, doomed)
}

async function doom({ database, clock }: Parts, ids: readonly string[]): Promise<void> {
  await database.query(
    `update files.file set state = 'doomed', changed_at = $2 where id = any($1) and state = 'ready' and not is_avatar`,
    [ids, new Date(clock.now())],
    'files.doom',
  )
}

/** One round; true when there may be more to do at once. */
export async function settleFiles(parts: Parts): Promise<boolean> {
  const rounds = [
    await settleDropped(parts),
    await settleDoomed(parts),
    await settleOrphans(parts),
    await settleArriving(parts),
  ]
  return rounds.some((worked) => worked === STEP_MAX_FILES)
}

async function settleDropped(parts: Parts): Promise<number> {
  const { dropped } = await parts.rooms.droppedFiles({ limit: STEP_MAX_FILES })
  if (dropped.length === 0) return 0
  await dropFiles(parts, [...new Set(dropped.map(({ file }) => file))])
  // Only these rows: what was dropped since is looked at the next time.
  await parts.rooms.forgetDroppedFiles({ drops: dropped.map(({ drop }) => drop) })
  return dropped.length
}

async function due({ database, clock }: Parts, which: string, afterMs: number): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select id from files.file where ${which} and changed_at < $1 order by changed_at limit ${STEP_MAX_FILES}`,
    [new Date(clock.now() - afterMs)],
  )
  return rows.map(({ id }) => id)
}

async function settleDoomed(parts: Parts): Promise<number> {
  const ids = await due(parts, `state = 'doomed'`, DOOMED_MS)
  const gone = await unused(parts, ids)
  await remove(parts, gone, 'doomed')
  await parts.database.query(
    `update files.file set state = 'ready', kept = true where id = any($1) and state = 'doomed'`,
    [ids.filter((id) => !gone.includes(id))],
  )
  return ids.length
}

async function settleOrphans(parts: Parts): Promise<number> {
  const ids = await due(parts, `state = 'ready' and not kept and not is_avatar`, ORPHAN_MS)
  const orphans = await unused(parts, ids)
  await doom(parts, orphans)
  await parts.database.query('update files.file set kept = true where id = any($1)', [
    ids.filter((id) => !orphans.includes(id)),
  ])
  return ids.length
}

/** Uploads of processes that ended in the middle, and the room that was reserved for them. */
async function settleArriving(parts: Parts): Promise<number> {
  const ids = await due(parts, `state = 'arriving'`, ARRIVING_MS)
  await remove(parts, ids, 'arriving')
  return ids.length
}

async function remove({ database, store, log }: Parts, ids: readonly string[], state: string): Promise<void> {
  for (const id of ids) {
    // Bytes first: a row without bytes is found again, bytes without a row never would be.
    await Promise.all(keysOf(id).map((key) => store.delete(key)))
    await database.transaction((transaction) => deleteRow(transaction, id, state))
  }
  if (ids.length > 0) log.info({ files: ids.length, state }, 'files removed')
}
