import type { ServerFrame } from '@parley/protocol'
import type { WebSocketConstructor, WebSocketLike } from '../environment.ts'
import { ABNORMAL_CLOSE, type TransportOpener } from './transport.ts'

const HELLO_WITHIN_MS = 5_000

export function socketTransport(baseUrl: string, WebSocket: WebSocketConstructor): TransportOpener {
  return {
    kind: 'socket',
    helloWithinMs: HELLO_WITHIN_MS,
    open(resume, events) {
      const query = resume === null ? '' : `?resume=${encodeURIComponent(resume)}`
      let closed = false
      const finish = (code: number, reason: string) => {
        if (closed) return
        closed = true
        events.closed(code, reason)
      }
      const url = `${baseUrl.replace(/^http/, 'ws')}/ws${query}`
      const socket = construct(WebSocket, url)
      if (socket === null) {
        queueMicrotask(() => finish(ABNORMAL_CLOSE, 'refused_here'))
        return {
          send() {},
          close() {
            closed = true
          },
        }
      }
      socket.addEventListener('message', ({ data }) => {
        if (closed || typeof data !== 'string') return
        const frame = parseFrame(data)
        if (frame === null) events.alive()
        else events.frame(frame)
      })
      socket.addEventListener('close', ({ code, reason }) => finish(code, reason))
      // `close` follows with the code; without this listener some runtimes report an uncaught error.
      socket.addEventListener('error', () => {})
      return {
        send(frame) {
          try {
            socket.send(JSON.stringify(frame))
          } catch {
            finish(ABNORMAL_CLOSE, 'send_failed')
          }
        },
        close() {
          closed = true
          socket.close(1000)
        },
      }
    },
  }
}

/** Null where the page's own policy forbids it: some browsers throw instead of failing later. */
function construct(WebSocket: WebSocketConstructor, url: string): WebSocketLike | null {
  try {
    return new WebSocket(url, ['parley.v1'])
  } catch {
    return null
  }
}

/** Null for what is no frame; unknown types are the receiver's business, which ignores them. */
export function parseFrame(text: string): ServerFrame | null {
  try {
    const frame: unknown = JSON.parse(text)
    return typeof frame === 'object' && frame !== null && 't' in frame ? (frame as ServerFrame) : null
  } catch {
    return null
  }
}
