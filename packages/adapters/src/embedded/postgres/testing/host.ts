/**
 * A program that does what Parley does with its PostgreSQL, so that tests can kill it, or run it as somebody
 * else: starts it with the JSON options of its argument, prints one JSON answer, and stops it when its stdin
 * ends. It ignores SIGINT, as a server does that is still draining.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { startPostgres } from '../start-postgres.ts'

export interface HostAnswer {
  readonly pid?: number
  readonly connection?: { host: string; port: number; user: string; database: string }
  readonly error?: { name: string; message: string }
}

process.on('SIGINT', () => undefined)

function answer(value: HostAnswer): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

try {
  const log = (line: string): boolean => process.stderr.write(`${line}\n`)
  const postgres = await startPostgres({ ...JSON.parse(process.argv[2] ?? '{}'), log })
  const { host, port } = postgres.connection
  const socket = connect(join(host, `.s.PGSQL.${port}`))
  await once(socket, 'connect')
  socket.destroy()
  answer({ pid: postgres.pid, connection: postgres.connection })
  await once(process.stdin.resume(), 'end')
  await postgres.stop()
  process.exit(0)
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  answer({ error: { name, message } })
  process.exit(1)
}
