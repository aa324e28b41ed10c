/**
 * Room for an upload is taken before its bytes are, so that uploads at once never store more together than is allowed.
 * It stands as `bytes` in the row that arrives and in the sums of `files.usage`, and goes with that row.
 */
import { ParleyError } from '@parley/protocol'
import type { FilesDependencies } from './dependencies.ts'
import { changeUsageOf, refuseOverdrawn, type Sums } from './usage.ts'

/** Of an upload of unknown length; less where that does not fit any more. */
const STEP_BYTES = 8 * 1024 * 1024
/** What would be taken beyond the need is not tried in smaller parts than this. */
const SPARE_MIN_BYTES = 64 * 1024

export interface Reservation {
  /** So far, of both quotas. */
  bytes(): number
  /** From now on at least so many. Throws `quota_exceeded`, `unavailable`; then it is what it was. */
  cover(bytes: number): Promise<void>
}

export interface Expected {
  readonly leastBytes: number
  /** More is taken only where more comes. */
  readonly mostBytes: number
}

/** Begins the row of the file, with its room. Throws `quota_exceeded`; then there is neither. */
export async function reserveRoom(
  dependencies: Pick<FilesDependencies, 'database' | 'limits' | 'clock'>,
  { id, owner }: { readonly id: string; readonly owner: string },
  expected: Expected,
): Promise<Reservation> {
  const { database, limits, clock } = dependencies
  let reserved = 0
  let begun = false
  let spareMax = STEP_BYTES

  async function add(bytes: number): Promise<void> {
    await database.transaction(async (transaction) => {
      const { rows } = await transaction.query<Sums>(
        begun ? GROW : BEGIN,
        [id, owner, bytes, new Date(clock.now())],
        begun ? 'files.grow' : 'files.arrive',
      )
      // Removed meanwhile, as one whose process had died.
      if (rows[0] === undefined) throw new ParleyError('unavailable')
      refuseOverdrawn(limits, rows[0])
    })
    begun = true
    reserved += bytes
  }

  async function cover(bytes: number): Promise<void> {
    if (begun && bytes <= reserved) return
    const need = bytes - reserved
    let spare = Math.max(0, Math.min(spareMax, expected.mostBytes - bytes))
    for (;;) {
      try {
        return await add(need + spare)
      } catch (error) {
        if (spare === 0 || !(error instanceof ParleyError && error.code === 'quota_exceeded')) throw error
        spare = spare < SPARE_MIN_BYTES ? 0 : Math.floor(spare / 2)
        spareMax = spare
      }
    }
  }

  // One byte at least: who has no room left is told before anything is read.
  await cover(Math.max(1, expected.leastBytes))
  return { bytes: () => reserved, cover }
}

const BEGIN = changeUsageOf(
  `insert into files.file (id, owner_id, name, type, bytes, state, created_at, changed_at)
   values ($1, $2, '', '', $3::bigint, 'arriving', $4, $4) returning owner_id, $3::bigint as bytes`,
)
const GROW = changeUsageOf(
  `update files.file set bytes = bytes + $3::bigint, changed_at = $4
   where id = $1 and owner_id = $2 and state = 'arriving' returning owner_id, $3::bigint as bytes`,
)

/** Passes on what there is room for. */
export async function* covered(
  content: AsyncIterable<Uint8Array>,
  { cover }: Reservation,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of content) {
    size += chunk.length
    await cover(size)
    yield chunk
  }
}
