import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { encodeFrame, OPCODE_TEXT } from '../lib/frames.ts'
import { createLog, endWithParent, reportPort } from './rooms.ts'

/**
 * The raw ceiling: what one Node process can push through its sockets when it does nothing else. A batch of frames
 * is built once, before the start, and written to every socket again and again. The pacer (a client that sends
 * numbers) says how many batches may be written in all, so that they pile up nowhere.
 *
 * Arguments: frames in a batch, bytes of a frame (header included).
 */

const HANDSHAKE_ID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const LISTEN_BACKLOG = 1024
const FRAME_HEADER_BYTES = 4

const framesPerBatch = Number(process.argv[2])
const frameBytes = Number(process.argv[3])
if (!(framesPerBatch >= 1 && frameBytes >= 130))
  throw new RangeError('usage: raw.ts <frames per batch> <frame bytes>')

const batch = buildBatch()
const sockets = new Set<Socket>()
let allowed = 0
let written = 0
let scheduled = false

function buildBatch(): Buffer {
  const record = createLog(() => 1_700_000_000_000)
  const message = { room: 'r'.repeat(20), client_id: 'raw-ceiling', body: '' }
  const empty = JSON.stringify(record(message, 'f'.repeat(20))).length
  const body = 'x'.repeat(Math.max(0, frameBytes - FRAME_HEADER_BYTES - empty))
  const frame = encodeFrame(
    OPCODE_TEXT,
    Buffer.from(JSON.stringify(record({ ...message, body }, 'f'.repeat(20)))),
  )
  return Buffer.concat(Array.from({ length: framesPerBatch }, () => frame))
}

function writeBatches(): void {
  scheduled = false
  if (written >= allowed) return
  for (const socket of sockets) socket.write(batch)
  written++
  schedule()
}

function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(writeBatches)
}

/** Reads the pacer's frames: masked, short (a number or `stop`), and so few that no frame is ever cut. */
function takePacerBytes(socket: Socket, bytes: Buffer): void {
  let at = 0
  while (at + 6 <= bytes.length) {
    const length = (bytes[at + 1] as number) & 0x7f
    const mask = bytes.subarray(at + 2, at + 6)
    const payload = bytes.subarray(at + 6, at + 6 + length)
    const text = String.fromCharCode(...payload.map((byte, i) => byte ^ (mask[i & 3] as number)))
    at += 6 + length
    if (text === 'stop') {
      const done = JSON.stringify({ t: 'done', frames: written * framesPerBatch })
      socket.write(encodeFrame(OPCODE_TEXT, Buffer.from(done)))
      allowed = 0
      written = 0
    } else {
      allowed = Math.max(allowed, Number(text))
      schedule()
    }
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  socket.once('data', (head) => {
    const key = /^Sec-WebSocket-Key: (.+)\r$/im.exec(head.toString('latin1'))?.[1] ?? ''
    const accept = createHash('sha1')
      .update(key + HANDSHAKE_ID)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    sockets.add(socket)
    socket.on('data', (bytes) => takePacerBytes(socket, bytes as Buffer))
  })
})

server.listen({ port: 0, host: '127.0.0.1', backlog: LISTEN_BACKLOG }, () => reportPort(server.address()))
endWithParent()
