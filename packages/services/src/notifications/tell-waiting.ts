/** Decides for those who were connected once their time to acknowledge is over. Any number of processes may run it. */
import type { CallMedia } from '@parley/protocol/calls'
import type { NotificationsDependencies } from './dependencies.ts'
import type { CandidateKind } from './find-candidates.ts'
import { TELL_MAX, tellMembers } from './tell-members.ts'

/** Taken and not decided within this time (the process died): somebody takes it again. */
const LEASE_MS = 30_000

interface WaitingRow {
  user_id: string
  room_id: string
  seq: number
  kind: CandidateKind
  sender: string
  at: number
  media: CallMedia | null
}

/** One batch; how many were decided. */
export async function tellWaiting(dependencies: NotificationsDependencies): Promise<number> {
  const { rows } = await dependencies.database.query<WaitingRow>(
    `update notifications.waiting w set due_at = $1::bigint + ${LEASE_MS}
     from (select room_id, user_id, seq from notifications.waiting where due_at <= $1
           order by due_at limit ${TELL_MAX} for update skip locked) d
     where w.room_id = d.room_id and w.user_id = d.user_id and w.seq = d.seq
     returning w.user_id, w.room_id, w.seq, w.kind, w.sender, w.at, w.media`,
    [dependencies.clock.now()],
    'notifications.due',
  )
  await tellMembers(
    dependencies,
    rows.map((row) => ({
      user: row.user_id,
      room: row.room_id,
      seq: row.seq,
      kind: row.kind,
      from: row.sender,
      at: row.at,
      ...(row.media === null ? {} : { media: row.media }),
    })),
    'waiting',
  )
  return rows.length
}
