/** Well-formed sockets of attackers and victims; `raw-socket.ts` has the malformed ones. */
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { createInbox, type Frame, type Inbox } from './inbox.ts'
import type { Person, Target } from './people.ts'

export interface Close {
  readonly code: number
  readonly reason: string
}

export interface Wire extends Pick<Inbox, 'frames' | 'next'> {
  readonly socket: WebSocket
  readonly closed: Promise<Close>
  send(frame: unknown): void
  /** Sends a request and resolves with its `ok` or `error`. */
  request(t: string, fields?: Frame): Promise<Frame>
  /** Ends without a word. */
  cut(): void
}

export interface Dial {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
}

/** The opened socket, or the HTTP status it was refused with. */
export function dial(target: Target, { path = '/ws', headers = {}, protocols = [] }: Dial = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${target.port}${path}`, [...protocols], {
    headers: { ...headers },
    perMessageDeflate: false,
  })
  return new Promise<{ readonly wire: Wire } | { readonly status: number }>((resolve, reject) => {
    const wire = wireOf(socket, path)
    socket.once('open', () => resolve({ wire }))
    socket.once('unexpected-response', (request, response: IncomingMessage) => {
      resolve({ status: response.statusCode ?? 0 })
      request.destroy()
    })
    // After a refusal the aborted request is an error, too; by then this promise is settled.
    socket.on('error', reject)
  })
}

/** Opens a socket that must be accepted. */
export async function open(target: Target, options: Dial = {}): Promise<Wire> {
  const dialled = await dial(target, options)
  if ('status' in dialled) throw new Error(`the socket was refused with ${dialled.status}`)
  return dialled.wire
}

/** A signed-in socket that was told `ready`. */
export async function connect(target: Target, person: Person, query = ''): Promise<Wire> {
  const wire = await open(target, {
    path: `/ws${query}`,
    headers: { authorization: `Bearer ${person.token}`, 'x-forwarded-for': person.address },
  })
  await wire.next((frame) => frame.t === 'ready')
  return wire
}

function wireOf(socket: WebSocket, label: string): Wire {
  const inbox = createInbox(label)
  socket.on('message', (data: Buffer) => inbox.add(JSON.parse(data.toString()) as Frame))
  const closed = new Promise<Close>((resolve) => {
    socket.once('close', (code, reason) => {
      inbox.end(`${code} ${reason}`)
      resolve({ code, reason: reason.toString() })
    })
  })
  let lastId = 0
  return {
    socket,
    closed,
    frames: inbox.frames,
    next: inbox.next,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    request(t, fields = {}) {
      const id = ++lastId
      const since = inbox.frames.length
      socket.send(JSON.stringify({ t, id, ...fields }))
      return inbox.next((frame) => frame.id === id && (frame.t === 'ok' || frame.t === 'error'), since)
    },
    cut: () => socket.terminate(),
  }
}
