/** Legal holds: placed and lifted by the operator, and remembered for ever with who did it. */
import type { Database, Queryable } from '@parley/contracts'

export type HoldScope = 'server' | 'room' | 'user'

export interface Hold {
  readonly id: number
  readonly scope: HoldScope
  readonly target: string
  /** The room's or the person's name now; null for the server and for what is gone. */
  readonly name: string | null
  readonly reason: string
  readonly placed_by: string
  readonly placed_at: Date
  readonly lifted_by: string | null
  readonly lifted_at: Date | null
}

const HOLDS = `select h.id, h.scope, h.target, h.reason, h.placed_by, h.placed_at, h.lifted_by, h.lifted_at,
  case h.scope when 'room' then (select name from rooms.room where id = h.target)
    when 'user' then (select username from rooms.users where id = h.target) end as name
  from rooms.hold h`

/** Oldest first; lifted ones are the record of what was. */
export async function listHolds(reader: Queryable, { all }: { readonly all: boolean }): Promise<Hold[]> {
  const { rows } = await reader.query<Hold>(`${HOLDS} where $1 or h.lifted_at is null order by h.id`, [all])
  return rows
}

/** Undefined when there is no such room or person. A room is named by its id, or by its name if that is public. */
export async function findHoldTarget(
  reader: Queryable,
  scope: 'room' | 'user',
  named: string,
): Promise<string | undefined> {
  const { rows } = await reader.query<{ id: string }>(
    scope === 'user'
      ? 'select id from rooms.users where id = $1 or username = lower($1)'
      : `select id from rooms.room where id = $1 or (kind = 'public' and deleted_at is null and name_key = lower($1)) order by id = $1 desc`,
    [named],
  )
  return rows[0]?.id
}

/**
 * From its return on nothing of it is removed by anybody; what was being removed in that moment has been. Answers the
 * hold there is when it was placed before.
 */
export function placeHold(
  database: Database,
  hold: { readonly scope: HoldScope; readonly target: string; readonly reason: string; readonly by: string },
): Promise<{ hold: Hold; fresh: boolean }> {
  return database.transaction(async (transaction) => {
    await transaction.query('select rooms.close_holds()')
    const inserted = await transaction.query<{ id: number }>(
      `insert into rooms.hold (scope, target, reason, placed_by) values ($1, $2, $3, $4)
       on conflict (scope, target) where lifted_at is null do nothing returning id`,
      [hold.scope, hold.target, hold.reason, hold.by],
    )
    const { rows } = await transaction.query<Hold>(
      `${HOLDS} where h.scope = $1 and h.target = $2 and h.lifted_at is null`,
      [hold.scope, hold.target],
    )
    return { hold: rows[0] as Hold, fresh: inserted.rows.length > 0 }
  })
}

/** What it alone kept goes with the next run of retention. Undefined when there is no such hold, or it was lifted before. */
export async function liftHold(database: Database, id: number, by: string): Promise<Hold | undefined> {
  const { rowCount } = await database.query(
    'update rooms.hold set lifted_at = now(), lifted_by = $2 where id = $1 and lifted_at is null',
    [id, by],
  )
  if (rowCount === 0) return undefined
  const { rows } = await database.query<Hold>(`${HOLDS} where h.id = $1`, [id])
  return rows[0]
}

export interface KeptRow {
  readonly room: string
  readonly seq: number
  readonly kind: string
  readonly from: string
  readonly at: Date
  readonly body: string | null
  readonly target: number | null
  readonly data: unknown
  readonly kept_at: Date
}

/** What holds have kept of what people no longer see, by room and seq, in pages. */
export async function listKept(
  reader: Queryable,
  hold: Pick<Hold, 'scope' | 'target'>,
  {
    after,
    limit,
  }: { readonly after?: { readonly room: string; readonly seq: number }; readonly limit: number },
): Promise<KeptRow[]> {
  const { rows } = await reader.query<KeptRow>(
    `select room_id as room, seq, kind, sender as "from", at, body, target, data, kept_at from rooms.kept
     where ($1 = 'server' or ($1 = 'room' and room_id = $2) or ($1 = 'user' and sender = $2))
       and (room_id, seq) > ($3, $4::bigint) order by room_id, seq limit $5`,
    [hold.scope, hold.target, after?.room ?? '', after?.seq ?? 0, limit],
  )
  return rows
}
