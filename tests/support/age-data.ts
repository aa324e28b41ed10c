/** What a deployment has stored, made older, so that a week does not have to be waited for. */
import { Client, type ClientConfig } from 'pg'

/** Numbers from here on are times in milliseconds (2017), not counts or positions. */
const TIMES_FROM = 1_500_000_000_000

/** Moves every stored time of every schema back by `ms`; one transaction a table, so that writers are not held up for long. */
export async function ageData(connection: ClientConfig, ms: number): Promise<void> {
  const client = new Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<{ relation: string; sets: string }>(
      `select format('%I.%I', table_schema, table_name) as relation, string_agg(
         case data_type
           when 'bigint' then format('%1$I = case when %1$I > ${TIMES_FROM} then %1$I - ${ms} else %1$I end', column_name)
           else format('%1$I = %1$I - interval ''${ms} ms''', column_name)
         end, ', ') as sets
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
         and is_generated = 'NEVER' and identity_generation is distinct from 'ALWAYS'
         and data_type in ('bigint', 'timestamp with time zone')
       group by 1`,
    )
    for (const { relation, sets } of rows) await client.query(`update ${relation} set ${sets}`)
  } finally {
    await client.end()
  }
}

/** What calls remember of times, moved back by `ms`: ringing that has lasted long enough is over. */
export async function ageCalls(connection: ClientConfig, ms: number): Promise<void> {
  const client = new Client(connection)
  await client.connect()
  try {
    await client.query(
      `update calls.call set due_at = due_at - make_interval(secs => $1 / 1000.0),
         call = jsonb_set(call, '{startedAt}', to_jsonb((call->>'startedAt')::bigint - $1::bigint))
       where ended_at is null`,
      [ms],
    )
  } finally {
    await client.end()
  }
}
