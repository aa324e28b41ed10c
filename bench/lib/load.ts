import { DIALECTS, type DialectName } from './dialects.ts'
import { RawSocket, READ_BUFFER_BYTES } from './raw-socket.ts'

/** The connections of one load process, and nothing of what is sent over them. */

const HOST = '127.0.0.1'
/** How many connections may be between their first packet and `ready` at once: a listen queue holds 511. */
const MAX_CONNECTING = 100

export interface ConnectSpec {
  dialect: DialectName
  port: number
  /** In the order of the connections: which room each is in, who it is, and its port if not the common one. */
  connections: { room: string; token?: string; port?: number }[]
  timeoutSeconds: number
}

export interface Connections {
  sockets: RawSocket[]
  /** Why connections ended that nobody asked to end; grows. */
  losses: string[]
  close(): void
}

/**
 * Opens all connections and waits until each is ready. Rejects, all of them closed again, with the first reason if
 * one of them fails, and with a count if `timeoutSeconds` pass. With `open`, those are kept and part of the result.
 */
export async function openConnections(spec: ConnectSpec, open?: Connections): Promise<Connections> {
  const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  const sockets: RawSocket[] = []
  const losses = open?.losses ?? []
  const close = () => {
    for (const socket of sockets) socket.close()
  }
  let ready = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const openNext = () => {
    const connection = spec.connections[sockets.length]
    if (connection === undefined) return
    const socket = new RawSocket({
      host: HOST,
      port: connection.port ?? spec.port,
      dialect: DIALECTS[spec.dialect],
      room: connection.room,
      ...(connection.token === undefined ? {} : { token: connection.token }),
      readBuffer,
      onReady: () => {
        ready++
        if (ready === spec.connections.length) resolve()
        else openNext()
      },
      onEnd: (_, reason) => {
        losses.push(reason)
        reject(new Error(`connection ${ready + 1} of ${spec.connections.length}: ${reason}`))
      },
    })
    sockets.push(socket)
  }
  const timeout = setTimeout(
    () => reject(new Error(`${ready} of ${spec.connections.length} connections were ready in time`)),
    spec.timeoutSeconds * 1000,
  )
  for (let i = 0; i < MAX_CONNECTING; i++) openNext()
  try {
    await promise
    const closeAll = () => {
      open?.close()
      close()
    }
    return { sockets: [...(open?.sockets ?? []), ...sockets], losses, close: closeAll }
  } catch (error) {
    close()
    throw error
  } finally {
    clearTimeout(timeout)
  }
}
