/**
 * A request, its body included, must have arrived within a time, or who sends a byte a minute holds a connection for
 * ever. The server's own limit knows no routes, and an upload may take as long as it moves; so it is done here.
 */

import type { Socket } from 'node:net'
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify'

export function limitRequestTime(
  withinMs: number,
  answerClientError: (error: ConnectionError, socket: Socket) => void,
) {
  return async function watchArrival(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
    const { raw } = request
    if (raw.complete || request.routeOptions.config.streams === true) return
    const timer = setTimeout(() => {
      if (raw.complete || raw.socket.destroyed) return
      const error = Object.assign(new Error('the request did not arrive in time'), {
        code: 'ERR_HTTP_REQUEST_TIMEOUT',
      })
      answerClientError(error as ConnectionError, raw.socket)
    }, withinMs)
    timer.unref()
    raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
  }
}
