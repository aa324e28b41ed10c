import { stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import fastifyStatic from '@fastify/static'
import { ParleyError } from '@parley/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './gateway-types.ts'
import { webPolicy } from './security-headers.ts'

const ASSETS = '/assets/'
/** Vite puts a hash of the content into every name under `assets/`. */
const FOREVER = 'public, max-age=31536000, immutable'
/** Kept, but asked for each time; the ETag makes the answer short. */
const REVALIDATE = 'no-cache'
const INDEX = 'index.html'
/** Paths that programs ask for: there a mistake must look like one and not like the web client. */
const programs = ['/api', '/ws', '/.well-known', '/healthz', '/readyz', '/metrics']

/** The built web client: its files, and its index for every path a person may have bookmarked. */
export async function serveWebClient(
  app: App,
  options: { directory: string; origins: ReadonlySet<string> },
): Promise<void> {
  await app.register(fastifyStatic, {
    root: options.directory,
    serve: false,
    index: false,
    dotfiles: 'ignore',
    cacheControl: false,
    preCompressed: true,
  })

  const exists = async (path: string): Promise<boolean> => {
    try {
      return (await stat(join(options.directory, path))).isFile()
    } catch {
      return false
    }
  }

  const send = (reply: FastifyReply, path: string, caching: string): FastifyReply =>
    reply
      .headers({ 'cache-control': caching, 'content-security-policy': webPolicy(options.origins) })
      .sendFile(path)

  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    const path = requestedPath(request)
    if (path === undefined || isProgram(path)) throw new ParleyError('not_found')
    if (posix.extname(path) !== '' && (await exists(path))) {
      return send(reply, path.slice(1), path.startsWith(ASSETS) ? FOREVER : REVALIDATE)
    }
    const navigation = path === '/' || (wantsPage(request) && !path.startsWith(ASSETS))
    if (!navigation || !(await exists(INDEX))) throw new ParleyError('not_found')
    return send(reply, INDEX, REVALIDATE)
  })
}

/** Decoded and plain: whatever would lead out of the directory, or past a check by another spelling, is nothing. */
function requestedPath(request: FastifyRequest): string | undefined {
  let path: string
  try {
    path = decodeURIComponent(request.url.split('?', 1)[0] ?? '')
  } catch {
    return undefined
  }
  if (path.includes('\\') || path.includes('\u0000') || posix.normalize(path) !== path) return undefined
  return path
}

function isProgram(path: string): boolean {
  return programs.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
}

function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true
}
