/** How long a room keeps its messages and leaves them in the hot table, as its owner chose. */
import type { Database, InputOf, OutputOf, roomsContract } from '@parley/contracts'
import { ParleyError, ROOM_DAYS_MAX } from '@parley/protocol'
import { assertReader } from './read-room.ts'
import { assertMember, isModerator, type WriteRoom } from './write-room.ts'

type Contract = typeof roomsContract

/** What the server's settings say, in days; null: for ever, or never. */
export interface ServerAges {
  readonly retentionDays: number | null
  readonly archiveAfterDays: number | null
}

export async function getRoomStorage(
  database: Database,
  { retentionDays, archiveAfterDays }: ServerAges,
  { user, room }: InputOf<Contract, 'getRoomStorage'>,
): Promise<OutputOf<Contract, 'getRoomStorage'>> {
  await assertReader(database, user, room)
  const { rows } = await database.query<{ retention_days: number | null; archive_days: number | null }>(
    'select retention_days, archive_days from rooms.room where id = $1',
    [room],
    'rooms.storage',
  )
  const { retention_days = null, archive_days = null } = rows[0] ?? {}
  return {
    storage: {
      retention_days,
      archive_days,
      server: { retention_days: retentionDays, archive_days: archiveAfterDays },
    },
  }
}

/** Throws `forbidden` for all but owner and administrators, `invalid_request` beyond what the server's settings allow. */
export async function setRoomStorage(
  { database, write, ages }: { database: Database; write: WriteRoom; ages: ServerAges },
  input: InputOf<Contract, 'setRoomStorage'>,
): Promise<OutputOf<Contract, 'getRoomStorage'>> {
  const { user, room, retention_days, archive_days } = input
  await write(room, user, async (writer) => {
    if (!isModerator(assertMember(writer.room)) || writer.room.kind === 'direct')
      throw new ParleyError('forbidden')
    assertDays('retention_days', retention_days, ages.retentionDays)
    assertDays('archive_days', archive_days, ages.archiveAfterDays)
    await writer.query(
      `update rooms.room set retention_days = case when $2 then $3::int else retention_days end,
         archive_days = case when $4 then $5::int else archive_days end where id = $1`,
      [
        room,
        retention_days !== undefined,
        retention_days ?? null,
        archive_days !== undefined,
        archive_days ?? null,
      ],
    )
  })
  return getRoomStorage(database, ages, { user, room })
}

/** A room may have less than the server, never more. */
function assertDays(field: string, days: number | null | undefined, server: number | null): void {
  if (days == null) return
  const max = server ?? ROOM_DAYS_MAX
  if (days > max)
    throw new ParleyError('invalid_request', {
      details: { fields: { [field]: `must be at most ${max}, as the server has it` }, max_days: max },
    })
}
