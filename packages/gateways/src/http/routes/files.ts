import { Readable } from 'node:stream'
import type { CallContext, FileAnswer, FileDoor, FileRequest } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import * as rest from '@parley/protocol/rest'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { FILE_FIELD, receiveFile } from '../receive-file.ts'
import { fileHeaders } from '../security-headers.ts'
import { done } from './shapes.ts'

const tags = ['Files']
const FORM = 'multipart/form-data'

export function registerFileRoutes(app: App, deps: { fileDoor: FileDoor }): void {
  // In a scope of its own: no other route takes forms.
  app.register(async (scope: App) => {
    scope.addContentTypeParser(FORM, (_request, _payload, done) => done(null))
    registerUpload(scope, deps.fileDoor)
  })
  registerReading(app, deps.fileDoor)
}

function registerUpload(app: App, door: FileDoor): void {
  app.post(
    '/files',
    {
      config: {
        access: 'user',
        rate: 'upload',
        streams: true,
        errors: [
          'invalid_request',
          'forbidden',
          'file_too_large',
          'quota_exceeded',
          'unsupported_media_type',
          'file_refused',
        ],
      },
      schema: {
        tags,
        operationId: 'uploadFile',
        summary: `Upload a file: a form (${FORM}) with the one field ${FILE_FIELD}`,
        consumes: [FORM],
        response: { 201: rest.fileAnswer },
      },
    },
    async (request, reply) => {
      if (!request.headers['content-type']?.toLowerCase().startsWith(FORM))
        throw new ParleyError('unsupported_media_type', { message: `Send ${FORM}.` })
      const { user } = principalOf(request)
      const length = Number(request.headers['content-length'])
      const announced = Number.isSafeInteger(length) ? { announcedBytes: length } : {}
      const file = await receiveFile(request.raw, reply.raw, ({ name, content }) =>
        door.upload({ user, name, ...announced }, content, contextOf(request)),
      )
      return reply.code(201).send({ file })
    },
  )
}

function registerReading(app: App, door: FileDoor): void {
  const variants = [
    ['/files/:id', 'original', 'getFile', 'A file: its sender’s, of a message one may read, or an avatar'],
    ['/files/:id/thumbnail', 'thumbnail', 'getThumbnail', 'A picture made small'],
  ] as const
  for (const [url, variant, operationId, summary] of variants) {
    app.route({
      method: 'GET',
      url,
      // The one that Fastify makes would read the whole file for nobody.
      exposeHeadRoute: false,
      config: { access: 'user', rate: 'file' },
      schema: {
        tags,
        operationId,
        summary: `${summary}; ranges and If-None-Match are honoured`,
        params: rest.idParams,
        response: { 200: bytes('All of it.'), 206: bytes('The range asked for.'), 304: done },
      },
      handler: (request, reply) => sendFile(door, { id: request.params.id, variant }, request, reply),
    })
    app.route({
      method: 'HEAD',
      url,
      config: { access: 'user', rate: 'file' },
      schema: {
        tags,
        operationId: `${operationId}Head`,
        summary: 'The same without its bytes',
        params: rest.idParams,
        response: { 200: done, 206: done, 304: done },
      },
      handler: (request, reply) =>
        sendFile(door, { id: request.params.id, variant, headOnly: true }, request, reply),
    })
  }
}

function bytes(description: string) {
  return { description, content: { 'application/octet-stream': { schema: z.any() } } }
}

async function sendFile(
  door: FileDoor,
  what: Pick<FileRequest, 'id' | 'variant' | 'headOnly'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { range, 'if-none-match': known } = request.headers
  const context: CallContext = contextOf(request)
  const { content, ...answer } = await door.open(
    {
      user: principalOf(request).user,
      ...what,
      ...(range === undefined ? {} : { range }),
      ...(known === undefined ? {} : { known }),
    },
    context,
  )
  reply.code(answer.status).headers({ ...fileHeaders, etag: answer.tag, 'accept-ranges': 'bytes' })
  if (answer.status === 416) reply.header('content-range', `bytes */${answer.totalBytes}`)
  if (answer.status === 304 || answer.status === 416) return reply.send()
  reply.headers(contentHeaders(answer))
  if (content === undefined) return reply.send()
  const stream = content instanceof Readable ? content : Readable.from(content, { objectMode: false })
  // Past the serializer of the schema, which is for JSON.
  return reply.serializer((payload: unknown) => payload as string).send(stream)
}

function contentHeaders({ status, name, type, disposition, totalBytes, start, end }: FileAnswer) {
  return {
    'content-type': type,
    'content-length': end - start + 1,
    'content-disposition': `${disposition}; filename="${asciiOf(name)}"; filename*=UTF-8''${encodeName(name)}`,
    ...(status === 206 ? { 'content-range': `bytes ${start}-${end}/${totalBytes}` } : {}),
  }
}

/** For old programs; the others read the second one. */
function asciiOf(name: string): string {
  return name.normalize('NFD').replace(/[^\x20-\x7e]|["\\%]/g, '_')
}

/** RFC 5987: these five are left by `encodeURIComponent` and not allowed there. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*!]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
