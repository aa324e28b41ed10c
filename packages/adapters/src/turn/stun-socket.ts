/** The way to a STUN or TURN server: a UDP socket, or a connection by TCP or TLS, cut into messages. */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP, connect as netConnect, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import type { IceUrl } from '@parley/protocol/ice-url'
import { HEADER_SIZE, stunSize } from './stun-message.ts'
import { StunTrouble, troubleOf } from './stun-trouble.ts'

export interface StunSocket {
  send(bytes: Buffer): void
  close(): void
}

export interface StunSocketEvents {
  /** One whole message. */
  onMessage(bytes: Buffer): void
  /** Once, and nothing comes afterwards. */
  onEnd(trouble: StunTrouble): void
}

/**
 * Resolves when it may be written to; for UDP that says nothing of the other side. Rejects with `StunTrouble`.
 * `ca`: PEM of whom certificates are believed instead of those that Node knows.
 */
export function openStunSocket(url: IceUrl, events: StunSocketEvents, ca?: string): Promise<StunSocket> {
  return url.transport === 'udp' ? openUdp(url, events) : openStream(url, events, ca)
}

async function openUdp({ host, port }: IceUrl, events: StunSocketEvents): Promise<StunSocket> {
  const { address, family } = await lookup(host).catch((error: Error) => {
    throw troubleOf(error)
  })
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  const { promise, resolve, reject } = Promise.withResolvers<StunSocket>()
  let open = true
  const close = () => {
    if (open) socket.close()
    open = false
  }
  // Connected, so that the system tells us when nobody listens.
  socket.connect(port, address)
  socket.once('connect', () =>
    resolve({
      send(bytes) {
        if (open) socket.send(bytes)
      },
      close,
    }),
  )
  socket.on('message', (bytes) => events.onMessage(bytes))
  socket.on('error', (error) => {
    close()
    reject(troubleOf(error))
    events.onEnd(troubleOf(error))
  })
  return promise
}

function openStream(url: IceUrl, events: StunSocketEvents, ca: string | undefined): Promise<StunSocket> {
  const { host, port, transport } = url
  const { promise, resolve, reject } = Promise.withResolvers<StunSocket>()
  const socket: Socket =
    transport === 'tls'
      ? tlsConnect({
          host,
          port,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(ca === undefined ? {} : { ca }),
        })
      : netConnect({ host, port })
  const end = (trouble: StunTrouble) => {
    socket.destroy()
    reject(trouble)
    events.onEnd(trouble)
  }
  socket.setNoDelay(true)
  socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () =>
    resolve({
      send(bytes) {
        if (socket.writable) socket.write(bytes)
      },
      close: () => socket.destroy(),
    }),
  )
  socket.on('data', cutIntoMessages(events, end))
  socket.on('error', (error) => end(troubleOf(error)))
  socket.on('close', () => end(new StunTrouble('cut', 'the server closed the connection')))
  return promise
}

function cutIntoMessages(
  { onMessage }: StunSocketEvents,
  end: (trouble: StunTrouble) => void,
): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= HEADER_SIZE) {
      const size = stunSize(rest)
      if (size === undefined) {
        end(new StunTrouble('strange', 'what answers there speaks another protocol'))
        return
      }
      if (rest.length < size) return
      onMessage(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
  }
}
