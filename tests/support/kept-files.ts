/** What the files service keeps: the bytes in its directory, drafts included, and its rows and sums of one person. */
import { readdir } from 'node:fs/promises'
import { Client, type ClientConfig } from 'pg'

export interface KeptFiles {
  /** Names in the store, of everybody's files. */
  readonly stored: readonly string[]
  readonly rows: number
  /** Of the person's quota, bytes. */
  readonly used: number
}

export async function keptFiles(
  directory: string,
  connection: ClientConfig,
  owner: string,
): Promise<KeptFiles> {
  const client = new Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<{ rows: number; used: number }>(
      `select (select count(*)::int from files.file where owner_id = $1) as rows,
         (select coalesce(sum(bytes), 0)::int from files.usage where owner_id = $1) as used`,
      [owner],
    )
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    const stored = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    return { stored, rows: rows[0]?.rows ?? 0, used: rows[0]?.used ?? 0 }
  } finally {
    await client.end()
  }
}
