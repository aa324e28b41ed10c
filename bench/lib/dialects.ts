/**
 * What each server under test speaks on top of WebSocket frames. A dialect knows how to knock, when a connection is
 * ready to receive, how a message is sent and how its acknowledgement and its delivery look.
 */

export type DialectName = 'parley' | 'socketio' | 'ws' | 'raw'

/** What a sending connection has to know of a text frame; receivers only count. */
export type Reading =
  | { kind: 'ready' }
  | { kind: 'answer'; text: string }
  | { kind: 'ack'; id: number }
  | { kind: 'refused'; id: number; reason: string }
  | { kind: 'entry'; seq: number }
  | { kind: 'done'; frames: number }
  | { kind: 'other' }

export interface Dialect {
  /** The path of the upgrade for a connection that is to be in `room`. */
  path(room: string): string
  /** Whether the connection is ready as soon as the upgrade was accepted. */
  readyAtUpgrade: boolean
  read(text: string): Reading
  /** `id` is unique on its connection, `clientId` in its room. */
  send(id: number, room: string, clientId: string, body: string): string
}

const OTHER: Reading = { kind: 'other' }

/** Reads a frame of `protocol.md`; the two simple peers answer in the same shapes. */
function readParley(text: string): Reading {
  const frame = JSON.parse(text) as Record<string, unknown>
  switch (frame.t) {
    case 'ready':
      return { kind: 'ready' }
    case 'ok':
      return { kind: 'ack', id: Number(frame.id) }
    case 'error':
      return { kind: 'refused', id: Number(frame.id), reason: `${frame.code}: ${frame.message}` }
    case 'entry':
      return { kind: 'entry', seq: Number(frame.seq) }
    case 'done':
      return { kind: 'done', frames: Number(frame.frames) }
    default:
      return OTHER
  }
}

const parley: Dialect = {
  path: () => '/ws',
  readyAtUpgrade: false,
  read: readParley,
  send: (id, room, clientId, body) => JSON.stringify({ t: 'send', id, room, client_id: clientId, body }),
}

const ws: Dialect = {
  path: (room) => `/?room=${encodeURIComponent(room)}`,
  readyAtUpgrade: true,
  read: readParley,
  send: parley.send,
}

/** The raw ceiling takes credits (`id` batches may be written in all) and, as its last word, `stop`. */
const raw: Dialect = { ...ws, send: (id) => String(id) }

/** Engine.IO 4 carrying Socket.IO 5 packets: `0` open, `2` ping, `3` pong, `40` connect, `42` event, `43` ack. */
const socketio: Dialect = {
  path: (room) => `/socket.io/?EIO=4&transport=websocket&room=${encodeURIComponent(room)}`,
  readyAtUpgrade: false,
  read(text) {
    if (text.startsWith('42')) {
      const [name, entry] = JSON.parse(text.slice(2)) as [string, { seq: number }]
      return name === 'entry' ? { kind: 'entry', seq: entry.seq } : OTHER
    }
    if (text.startsWith('43')) return { kind: 'ack', id: Number.parseInt(text.slice(2), 10) }
    if (text.startsWith('40')) return { kind: 'ready' }
    if (text.startsWith('0')) return { kind: 'answer', text: '40' }
    if (text === '2') return { kind: 'answer', text: '3' }
    return OTHER
  },
  send: (id, room, clientId, body) =>
    `42${id}${JSON.stringify(['send', { room, client_id: clientId, body }])}`,
}

export const DIALECTS: Record<DialectName, Dialect> = { parley, socketio, ws, raw }
