/** Rooms with a past, and what retention does with it. For tests. */
import { type Database, silentLog, systemClock } from '@parley/contracts'
import { expireMessages } from '@parley/services/rooms/expire-messages'
import { previewRetention, type RoomPreview } from '@parley/services/rooms/preview-retention'
import type { RoomsKit } from './rooms-kit.ts'

export interface Expired {
  entries: number
  messages: number
  kept: number
}

export interface RetentionKit {
  /** A whole run, with this setting of the server. */
  expireAll(days: number | null, database?: Database): Promise<Expired>
  preview(room: string, days: number | null): Promise<RoomPreview | undefined>
  /** Everything up to there is so old. */
  age(room: string, upto: number, days: number): Promise<void>
  /** A room with this many messages in one statement, a day apart, the newest half a day old; its head. */
  roomOf(count: number): Promise<{ room: string; head: number }>
  countIn(table: string, room: string): Promise<number>
  /** Of the newest page. */
  bodies(room: string, user?: string): Promise<string[]>
}

export function createRetentionKit(kit: RoomsKit, owner: string): RetentionKit {
  async function expireAll(days: number | null, database: Database = kit.database): Promise<Expired> {
    const sum: Expired = { entries: 0, messages: 0, kept: 0 }
    let after: string | undefined
    do {
      const step = await expireMessages({ database, clock: systemClock, log: silentLog }, { days, after })
      sum.entries += step.entries
      sum.messages += step.messages
      sum.kept += step.kept
      after = step.next
    } while (after !== undefined)
    return sum
  }

  async function preview(room: string, days: number | null): Promise<RoomPreview | undefined> {
    for await (const found of previewRetention(kit.database, days)) if (found.id === room) return found
    return undefined
  }

  async function age(room: string, upto: number, days: number): Promise<void> {
    for (const table of ['entry', 'archive'])
      await kit.database.query(
        `update rooms.${table} set at = now() - make_interval(days => $3) where room_id = $1 and seq <= $2`,
        [room, upto, days],
      )
  }

  async function roomOf(count: number): Promise<{ room: string; head: number }> {
    const room = await kit.publicRoom(owner)
    await age(room, 1, count + 1)
    const { rows } = await kit.database.query<{ head: number }>(
      `with head as (update rooms.room set head_seq = head_seq + $2 where id = $1 returning head_seq - $2 as base),
     made as (
       insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body)
       select $1, base + n, 'message', $3, 'k' || n, now() - make_interval(days => $2::int - n, hours => 12), 'message ' || n
       from head, generate_series(1, $2::int) n returning seq)
     select max(seq) as head from made`,
      [room, count, owner],
    )
    return { room, head: rows[0]?.head ?? 0 }
  }

  async function countIn(table: string, room: string): Promise<number> {
    const { rows } = await kit.database.query<{ count: number }>(
      `select count(*)::int as count from rooms.${table} where room_id = $1`,
      [room],
    )
    return rows[0]?.count ?? 0
  }

  async function bodies(room: string, user = owner): Promise<string[]> {
    const { messages } = await kit.rooms.listMessages({ user, room, limit: 50 })
    return messages.map(({ body }) => body)
  }

  return { expireAll, preview, age, roomOf, countIn, bodies }
}
