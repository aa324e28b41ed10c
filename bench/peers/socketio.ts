import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { createLog, endWithParent, type Incoming, reportPort } from './rooms.ts'

/**
 * Socket.IO as its documentation shows it: a room per room, an event per message, an acknowledgement to the sender.
 * Only the websocket transport, no compression (its default), no storage.
 *
 * Argument: how many rooms a connection joins beside its own, 0 if missing.
 */

const LISTEN_BACKLOG = 1024

const otherRooms = Number(process.argv[2] ?? 0)
const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false })
const record = createLog(Date.now)

io.on('connection', (socket) => {
  const room = String(socket.handshake.query.room)
  socket.join([room, ...Array.from({ length: otherRooms }, (_, i) => `${room}-${i}`)])
  socket.on(
    'send',
    (message: Incoming, acknowledge: (answer: { room: string; seq: number; at: number }) => void) => {
      const entry = record(message, socket.id)
      io.to(entry.room).emit('entry', entry)
      acknowledge({ room: entry.room, seq: entry.seq, at: entry.at })
    },
  )
})

http.listen({ port: 0, host: '127.0.0.1', backlog: LISTEN_BACKLOG }, () => reportPort(http.address()))
endWithParent()
