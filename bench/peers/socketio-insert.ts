import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@parley/adapters/embedded/postgres/start-postgres'
import { createDatabase } from '@parley/adapters/postgres/create-database'
import { silentLog } from '@parley/contracts'
import { Server } from 'socket.io'
import { createLog, type Incoming, reportPort } from './rooms.ts'

/**
 * Socket.IO with what its users add to it: one INSERT per message, awaited before the message is broadcast and
 * acknowledged. The same PostgreSQL with the same settings as Parley's, through a pool of the usual size.
 */

const LISTEN_BACKLOG = 1024
const POOL_CONNECTIONS = 10

const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'))
const postgres = await startPostgres({
  dataDirectory: join(directory, 'postgres'),
  log: (line, level) => {
    if (level === 'error') process.stderr.write(`${line}\n`)
  },
})
const database = createDatabase({
  connection: postgres.connection,
  maxConnections: POOL_CONNECTIONS,
  log: silentLog,
})
await database.query(`create table message (room text not null, seq bigint not null, sender text not null,
  client_id text not null, at bigint not null, body text not null, primary key (room, seq))`)

const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false })
const record = createLog(Date.now)

io.on('connection', (socket) => {
  socket.join(String(socket.handshake.query.room))
  socket.on(
    'send',
    async (message: Incoming, acknowledge: (answer: { room: string; seq: number; at: number }) => void) => {
      const entry = record(message, socket.id)
      await database.query(
        'insert into message (room, seq, sender, client_id, at, body) values ($1, $2, $3, $4, $5, $6)',
        [entry.room, entry.seq, entry.from, entry.client_id, entry.at, entry.body],
        'insert',
      )
      io.to(entry.room).emit('entry', entry)
      acknowledge({ room: entry.room, seq: entry.seq, at: entry.at })
    },
  )
})

async function stop(): Promise<void> {
  io.close()
  await database.close()
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
  process.exit(0)
}
process.once('SIGTERM', stop)
process.once('disconnect', stop)

http.listen({ port: 0, host: '127.0.0.1', backlog: LISTEN_BACKLOG }, () => reportPort(http.address()))
