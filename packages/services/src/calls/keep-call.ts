/**
 * Calls as rows. A step is one transaction: the row is locked, the machine is asked, and the row, its lines for the log
 * and where everybody is are stored together. The signals are for afterwards; they may be lost.
 */
import type { Queryable } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import {
  advanceCall,
  type Call,
  type CallEvent,
  type CallLine,
  type CallStep,
  nextTick,
} from './call-machine.ts'
import type { CallsDependencies } from './dependencies.ts'

const UNIQUE_VIOLATION = '23505'
export const IN_ANOTHER_CALL = 'You are in another call.'

interface CallRow {
  id: string
  call: Call
  lines: number
}

/** Locks the call; `not_found` for one that there is not. */
export async function advance(
  { database, clock }: Pick<CallsDependencies, 'database' | 'clock'>,
  id: string,
  event: CallEvent,
): Promise<CallStep> {
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.query<CallRow>(
      'select id, call, lines from calls.call where id = $1 for update',
      [id],
      'calls.lock',
    )
    const [row] = rows
    if (row === undefined) throw new ParleyError('not_found')
    const step = advanceCall(row.call, event)
    if (step.call !== row.call) await storeStep(transaction, row.lines, step, clock.now())
    return step
  })
}

/** Where the room has a call already nothing is stored, and its id is answered. */
export async function insertCall(
  { database, clock }: Pick<CallsDependencies, 'database' | 'clock'>,
  step: CallStep,
): Promise<{ existing: string | undefined }> {
  const { call } = step
  return database.transaction(async (transaction) => {
    const { rowCount } = await transaction.query(
      `insert into calls.call (id, room_id, call) values ($1, $2, $3)
       on conflict (room_id) where ended_at is null do nothing`,
      [call.id, call.room, JSON.stringify(call)],
      'calls.insert',
    )
    if (rowCount === 0) return { existing: await findOpen(transaction, call.room) }
    await storeStep(transaction, 0, step, clock.now())
    return { existing: undefined }
  })
}

export async function findOpen(reader: Queryable, room: string): Promise<string | undefined> {
  const { rows } = await reader.query<{ id: string }>(
    'select id from calls.call where room_id = $1 and ended_at is null',
    [room],
    'calls.open',
  )
  return rows[0]?.id
}

export async function readCall(reader: Queryable, id: string): Promise<Call> {
  const { rows } = await reader.query<{ call: Call }>(
    'select call from calls.call where id = $1',
    [id],
    'calls.read',
  )
  if (rows[0] === undefined) throw new ParleyError('not_found')
  return rows[0].call
}

/** Who of these is in a call other than `call`. */
export async function findBusy(
  reader: Queryable,
  users: readonly string[],
  call: string | null,
): Promise<Set<string>> {
  const { rows } = await reader.query<{ user_id: string }>(
    'select user_id from calls.presence where user_id = any($1) and call_id is distinct from $2',
    [users, call],
    'calls.busy',
  )
  return new Set(rows.map(({ user_id }) => user_id))
}

async function storeStep(
  transaction: Queryable,
  linesBefore: number,
  { call, lines }: CallStep,
  now: number,
): Promise<void> {
  const due = nextTick(call)
  await transaction.query(
    'update calls.call set call = $2, lines = $3, due_at = $4, ended_at = $5 where id = $1',
    [
      call.id,
      JSON.stringify(call),
      linesBefore + lines.length,
      due === undefined ? null : new Date(due),
      call.ended === undefined ? null : new Date(call.ended.at),
    ],
    'calls.store',
  )
  await transaction.query(
    `insert into calls.line (call_id, n, room_id, sender, line)
     select $1, $2 + n, $3, sender, line from unnest($4::text[], $5::jsonb[]) with ordinality as x(sender, line, n)`,
    [
      call.id,
      linesBefore,
      call.room,
      lines.map((line) => senderOf(call, line)),
      lines.map((line) => JSON.stringify(line)),
    ],
    'calls.lines',
  )
  const joined = Object.entries(call.participants).flatMap(([user, { standing, endpoint }]) =>
    standing === 'joined' && endpoint !== undefined ? [{ user, endpoint }] : [],
  )
  await transaction.query(
    'delete from calls.presence where call_id = $1 and not user_id = any($2)',
    [call.id, joined.map(({ user }) => user)],
    'calls.gone',
  )
  await inOneCall(
    transaction.query(
      `insert into calls.presence (call_id, user_id, endpoint, seen_at)
     select $1, user_id, endpoint, $4 from unnest($2::text[], $3::text[]) as x(user_id, endpoint)
     on conflict (call_id, user_id) do update set endpoint = excluded.endpoint, seen_at = excluded.seen_at
     where presence.endpoint <> excluded.endpoint`,
      [call.id, joined.map(({ user }) => user), joined.map(({ endpoint }) => endpoint), new Date(now)],
      'calls.here',
    ),
  )
}

/** `conflict` for somebody whose other device was faster with another call. */
async function inOneCall(stored: Promise<unknown>): Promise<void> {
  try {
    await stored
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error
    throw new ParleyError('conflict', { message: IN_ANOTHER_CALL })
  }
}

/** A line about nobody in particular is the starter's. */
const senderOf = (call: Call, line: CallLine): string => ('user' in line ? line.user : call.startedBy)
