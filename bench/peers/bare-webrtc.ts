import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import { endWithParent, reportPort } from './rooms.ts'

/** What a call costs without a server that knows of calls: two files, and a relay that passes on what it hears. */

const FILES: Record<string, { name: string; type: string }> = {
  '/': { name: 'bare-webrtc.html', type: 'text/html' },
  '/bare-webrtc.js': { name: 'bare-webrtc.js', type: 'text/javascript' },
}

const http = createServer(async (request, response) => {
  const file = FILES[new URL(request.url ?? '/', 'http://localhost').pathname]
  if (file === undefined) return void response.writeHead(404).end()
  response.setHeader('content-type', file.type)
  response.end(await readFile(join(import.meta.dirname, file.name)))
})
const server = new WebSocketServer({ server: http, perMessageDeflate: false })
const rooms = new Map<string, Set<WebSocket>>()

server.on('connection', (socket, request) => {
  const room = new URL(request.url ?? '/', 'http://localhost').searchParams.get('room') ?? ''
  const there = rooms.get(room) ?? new Set()
  rooms.set(room, there.add(socket))
  socket.on('message', (data) => {
    if (String(data) === 'ping') return socket.send('pong')
    for (const other of there) if (other !== socket) other.send(data, { binary: false })
  })
  socket.on('close', () => there.delete(socket))
})

http.listen({ port: 0, host: process.argv[2] ?? '127.0.0.1' }, () => reportPort(http.address()))
endWithParent()
