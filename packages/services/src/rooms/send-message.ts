/** Sending a message: check → commit in the room's lane → announce. */
import {
  type CallContext,
  during,
  type InputOf,
  noTracer,
  type OutputOf,
  type roomsContract,
} from '@parley/contracts'
import { type Entry, type FileShape, ParleyError } from '@parley/protocol'
import { createBatcher } from '../shared/create-batcher.ts'
import type { Announcer } from './announcer.ts'
import type { RoomsDependencies } from './dependencies.ts'
import { type EntryData, toEntry } from './entry.ts'
import { findMentions } from './find-mentions.ts'
import { prepareFiles } from './prepare-files.ts'
import type { Directory } from './sync-users.ts'
import { noteTrace, recordedRooms, type Sending, stepBatch } from './trace-batch.ts'

type Input = Sending<InputOf<typeof roomsContract, 'sendMessage'>> & { readonly files?: FileShape[] }
type Output = OutputOf<typeof roomsContract, 'sendMessage'>

/** A room always uses the same lane, so its messages keep the order in which they arrived here. */
const LANES = 4
/** A longer batch is slower to answer and hardly faster per message. */
const LANE_MAX_ITEMS = 300
const LANE_MAX_WAITING = 10_000
/** UTF-16 units of bodies. A batch reaches every member at once: one too large would be taken for a slow reader. */
const LANE_MAX_CHARS = 256 * 1024
const OVERLOADED_RETRY_MS = 1_000

interface AppendRow {
  n: number
  seq: number
  at: Date
  fresh: boolean
  err: 'not_found' | 'not_member' | 'forbidden' | 'no_reply_target' | null
  stored_body: string | null
  stored_data: EntryData | null
  stored_kind: Entry['kind']
  stored_target: number | null
  stored_redacted: boolean
  outbox: number | null
}

export function createSendMessage(
  dependencies: RoomsDependencies,
  announcer: Announcer,
  directory: Directory,
): (input: Input, context?: CallContext) => Promise<Output> {
  const { tracer = noTracer } = dependencies
  const lanes = Array.from({ length: LANES }, () =>
    createBatcher<Input, Output | ParleyError>({
      maxItems: LANE_MAX_ITEMS,
      weigh: { of: weigh, max: LANE_MAX_CHARS },
      maxWaiting: LANE_MAX_WAITING,
      overflow: () => new ParleyError('overloaded', { retryAfterMs: OVERLOADED_RETRY_MS }),
      run: (items) => {
        const batch = stepBatch(tracer, items)
        return during(batch, () => append(dependencies, announcer, items, batch?.trace))
      },
    }),
  )

  return async (given, context) => {
    let input = given
    if ((given.file_ids?.length ?? 0) > 0) {
      const prepared = await prepareFiles(dependencies, directory, given, context)
      if ('repeated' in prepared) return { entry: prepared.repeated, fresh: false }
      input = { ...given, files: prepared.files }
    } else if (given.body === '')
      throw new ParleyError('invalid_request', { details: { fields: { body: 'must not be empty' } } })
    const lane = lanes[laneOf(input.room)] as (typeof lanes)[number]
    const span = tracer.step('wait for lane', context?.trace)
    span?.set({ 'parley.room': input.room })
    return during(span, async () => {
      const result = await lane(span === undefined ? input : { ...input, span })
      if (result instanceof ParleyError) throw result
      span?.set({ 'parley.seq': result.entry.seq, 'parley.fresh': result.fresh })
      return result
    })
  }
}

/** What the entry takes on the wire, about. */
const FILE_CHARS = 600

function weigh({ body, files = [] }: Input): number {
  return body.length + files.length * FILE_CHARS
}

/** What the log keeps beside the body; null where there is nothing. */
function dataOf(mentions: string[], files: FileShape[] = []): string | null {
  if (mentions.length === 0 && files.length === 0) return null
  const data: EntryData = {}
  if (mentions.length > 0) data.mentions = mentions
  if (files.length > 0) data.files = files
  return JSON.stringify(data)
}

function laneOf(room: string): number {
  let hash = 0
  for (let i = 0; i < room.length; i++) hash = (hash * 31 + room.charCodeAt(i)) | 0
  return Math.abs(hash) % LANES
}

/** Stored once a process as a prepared statement. */
const APPEND = 'select * from rooms.append($1, $2, $3, $4, $5, $6)'

async function append(
  dependencies: RoomsDependencies,
  announcer: Announcer,
  items: readonly Input[],
  trace: string | undefined,
): Promise<(Output | ParleyError)[]> {
  const { tracer = noTracer } = dependencies
  const mentions = await findMentions(dependencies.database, items)
  const { rows } = await during(tracer.step('sql rooms.append', trace), () =>
    dependencies.database.query<AppendRow>(
      APPEND,
      [
        items.map((item) => item.room),
        items.map((item) => item.user),
        items.map((item) => item.client_id),
        items.map((item) => item.body),
        items.map((item, index) => dataOf(mentions[index] ?? [], item.files)),
        items.map((item) => item.reply_to ?? null),
      ],
      'rooms.append',
    ),
  )
  const fresh = new Map<string, Entry[]>()
  const results = items.map((item, index) => {
    const row = rows[index]
    if (row === undefined) throw new Error('rooms.append answered fewer rows than items')
    if (row.err !== null) return refusal(row.err)
    const entry = toEntry({
      room_id: item.room,
      seq: row.seq,
      kind: row.stored_kind,
      sender: item.user,
      client_id: item.client_id,
      at: row.at,
      body: row.stored_body,
      target: row.stored_target,
      data: row.stored_data,
      redacted: row.stored_redacted,
    })
    if (row.fresh) {
      const entries = fresh.get(item.room)
      if (entries === undefined) fresh.set(item.room, [entry])
      else entries.push(entry)
    }
    return { entry, fresh: row.fresh }
  })
  const outbox = rows[0]?.outbox ?? null
  if (trace === undefined) {
    for (const [room, entries] of fresh) announcer.entries(room, entries, outbox)
  } else {
    const recorded = recordedRooms(items)
    for (const [room, entries] of fresh)
      announcer.entries(room, entries, outbox, recorded.has(room) ? trace : undefined)
    if (outbox !== null) noteTrace(dependencies, outbox, trace)
  }
  return results
}

function refusal(err: NonNullable<AppendRow['err']>): ParleyError {
  if (err === 'no_reply_target')
    return new ParleyError('invalid_request', {
      details: { fields: { reply_to: 'is not a message of this room' } },
    })
  return new ParleyError(err)
}
