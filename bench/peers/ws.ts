import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { createLog, endWithParent, type Incoming, reportPort } from './rooms.ts'

/** Plain `ws`, the broadcast of its README: one `send` per member and message, the text encoded once. No storage. */

const LISTEN_BACKLOG = 1024

const http = createServer()
const server = new WebSocketServer({ server: http, perMessageDeflate: false })
const record = createLog(Date.now)
const members = new Map<string, Set<WebSocket>>()
let connections = 0

server.on('connection', (socket, request) => {
  const room = new URL(request.url ?? '/', 'http://localhost').searchParams.get('room') ?? ''
  const peers = members.get(room) ?? new Set()
  members.set(room, peers.add(socket))
  // As long as Parley's ids and Socket.IO's, so that frames compare.
  const from = `member-${String(++connections).padStart(13, '0')}`
  socket.on('message', (data) => {
    const request = JSON.parse(data.toString()) as Incoming & { id: number }
    const entry = record(request, from)
    const bytes = Buffer.from(JSON.stringify(entry))
    for (const peer of peers) peer.send(bytes, { binary: false })
    socket.send(JSON.stringify({ t: 'ok', id: request.id, room, seq: entry.seq, at: entry.at }))
  })
  socket.on('close', () => peers.delete(socket))
})

http.listen({ port: 0, host: '127.0.0.1', backlog: LISTEN_BACKLOG }, () => reportPort(http.address()))
endWithParent()
