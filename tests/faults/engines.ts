/** The engines of a running cluster, as an operator reaches them: by the table of processes and the settings of a role. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { openDeadLetters, type QueueFigures } from '@parley/adapters/rabbitmq/open-dead-letters'
import { Client } from 'pg'
import type { TestCluster } from '../support/test-cluster.ts'

const run = promisify(execFile)

/** Everything, and the scripts that Redis keeps for us. */
export async function emptyRedis(cluster: TestCluster): Promise<void> {
  const port = /^Redis +\d+ .*:(\d+)/m.exec(cluster.output())?.[1]
  if (port === undefined) throw new Error('the table of processes has no Redis')
  const cli = (...words: string[]) => run('redis-cli', ['-h', '127.0.0.1', '-p', port, ...words])
  await cli('flushall')
  await cli('script', 'flush')
}

/** What the environment of the first rooms process says. */
async function settingOfRooms(cluster: TestCluster, name: string): Promise<string> {
  const [pid] = await cluster.pids('rooms')
  const lines = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  const found = lines.find((line) => line.startsWith(`${name}=`))
  if (found === undefined) throw new Error(`${name} is not set`)
  return found.slice(name.length + 1)
}

export interface Outbox {
  /** Id of the newest row, 0 when there is none. */
  newest(): Promise<number>
  /** Rows up to this id; all by default. */
  count(upTo?: number): Promise<number>
  close(): Promise<void>
}

/** The table from which background work is handed to RabbitMQ. */
export async function openOutbox(cluster: TestCluster): Promise<Outbox> {
  const client = new Client({ connectionString: await settingOfRooms(cluster, 'PARLEY_ROOMS_DATABASE_URL') })
  await client.connect()
  const ask = async (what: string, upTo: number): Promise<number> => {
    const { rows } = await client.query(`select ${what} as n from rooms.outbox where id <= $1`, [upTo])
    return Number(rows[0]?.n)
  }
  return {
    newest: () => ask('coalesce(max(id), 0)', Number.MAX_SAFE_INTEGER),
    count: (upTo = Number.MAX_SAFE_INTEGER) => ask('count(*)', upTo),
    close: () => client.end(),
  }
}

/** As `parley queue list` shows it. */
export async function readQueues(cluster: TestCluster): Promise<QueueFigures[]> {
  const letters = await openDeadLetters({ url: await settingOfRooms(cluster, 'PARLEY_RABBITMQ_URL') })
  try {
    return await letters.list()
  } finally {
    await letters.close()
  }
}
