import type { Log } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import { z } from 'zod'
import type { StreamDoor } from '../../shared/stream-door.ts'
import { type App, contextOf, principalOf } from '../gateway-types.ts'

const tags = ['Stand-by link']

/** The stand-by link. This door knows who asks; frames and their promises are the delivery engine's. */
export function registerStreamRoutes(app: App, deps: { stream: StreamDoor | null; log: Log }): void {
  const { stream, log } = deps
  app.route({
    method: 'GET',
    url: '/stream',
    // A HEAD would open a stream nobody reads.
    exposeHeadRoute: false,
    config: { access: 'user' },
    schema: {
      tags,
      operationId: 'openStream',
      summary: 'Server-sent events, one frame each; with poll=1 the frames of at most 25 s as one answer',
      querystring: rest.streamQuery,
      response: {
        200: {
          description: 'Frames as events, or a poll’s answer.',
          content: {
            'text/event-stream': { schema: z.string() },
            'application/json': { schema: rest.pollAnswer },
          },
        },
      },
    },
    handler: (request, reply) => {
      if (stream === null) throw new ParleyError('not_found')
      const principal = principalOf(request)
      const { resume, poll = false } = request.query
      // What was set so far would be lost with the reply: policy headers, request id, `connection` while draining.
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      reply.hijack()
      try {
        stream.open(request.raw, reply.raw, principal, { poll, ...(resume === undefined ? {} : { resume }) })
      } catch (error) {
        log.error({ ...contextOf(request), err: error }, 'the stream could not be opened')
        reply.raw.destroy()
      }
    },
  })
  app.post(
    '/stream/:session',
    {
      config: { access: 'user', rate: 'frame' },
      schema: {
        tags,
        operationId: 'sendFrame',
        summary: 'Hand in one frame; its ok or error frame is the answer',
        params: rest.sessionParams,
        body: rest.frameBody,
        response: { 200: rest.frameAnswer },
      },
    },
    async (request) => {
      const answer = await stream?.request(principalOf(request), request.params.session, request.body)
      if (answer === undefined || answer === null) throw new ParleyError('not_found')
      return rest.frameAnswer.parse(answer)
    },
  )
}
