/** The scheduler's jobs on a running deployment, and rooms old enough for them. */
import { Client, type ClientConfig } from 'pg'
import { vi } from 'vitest'

export interface RoomJobs {
  /** Everything up to this seq becomes this much older. */
  ageRoom(room: string, upto: number, days: number): Promise<void>
  /** The job is due now. Resolves when the scheduler has done it. */
  runJob(name: 'archive' | 'retention'): Promise<void>
  /** Entries of the room that lie in the archive. */
  countArchived(room: string): Promise<number>
}

const JOB_MAX_MS = 30_000

export function roomJobs(connect: () => Promise<ClientConfig> | ClientConfig): RoomJobs {
  async function query<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    const client = new Client(await connect())
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }
  return {
    async ageRoom(room, upto, days) {
      await query(
        `update rooms.entry set at = at - make_interval(days => $3) where room_id = $1 and seq <= $2`,
        [room, upto, days],
      )
    },
    async runJob(name) {
      const before = await query<{ id: string }>(
        `with due as (update scheduler.job set next_at = now() where name = $1)
         select coalesce(max(id), 0) as id from scheduler.run where job = $1`,
        [name],
      )
      await vi.waitUntil(
        async () => {
          const [row] = await query<{ outcome: string }>(
            'select outcome from scheduler.run where job = $1 and id > $2 and outcome is not null order by id limit 1',
            [name, before[0]?.id],
          )
          if (row !== undefined && row.outcome !== 'done') throw new Error(`${name}: ${row.outcome}`)
          return row !== undefined
        },
        { timeout: JOB_MAX_MS, interval: 100 },
      )
    },
    async countArchived(room) {
      const [row] = await query<{ count: number }>(
        'select count(*)::int as count from rooms.archive where room_id = $1',
        [room],
      )
      return row?.count ?? 0
    },
  }
}
