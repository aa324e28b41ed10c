/** The REST door of the stand-in server, as far as the SDK's tests walk through it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ClientFrame, User } from '@parley/protocol'
import type { FakeServer } from './fake-server.ts'

interface Answer {
  readonly status: number
  readonly body?: object | undefined
}

type Body = Record<string, unknown> | undefined

/** Null: the response is taken over (a stream). */
export async function answerRest(
  server: FakeServer,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  bytes: Buffer,
): Promise<Answer | null> {
  const path = url.pathname.replace('/api/v1', '')
  const upload = path === '/files'
  const body: Body = upload || bytes.length === 0 ? undefined : JSON.parse(bytes.toString())
  const open = answerOpen(server, path, body, request.headers.cookie ?? '')
  if (open !== null) return open
  const token = server.tokens.get(server.tokenOf(request) ?? '')
  if (token === undefined) return server.error('unauthenticated')
  if (token.expired) return server.error('token_expired')
  if (upload) return answerUpload(server, request, bytes)
  if (path.startsWith('/stream')) return answerStream(server, response, url, token.user, body)
  return answerSignedIn(server, request.method ?? 'GET', path, url, token.user, body)
}

async function answerUpload(
  server: FakeServer,
  request: IncomingMessage,
  bytes: Buffer,
): Promise<Answer | null> {
  const file = await server.files.take(request, bytes)
  if (file === 'cut') {
    request.socket.destroy()
    return null
  }
  return typeof file === 'string' ? server.error(file) : { status: 201, body: { file } }
}

function answerOpen(server: FakeServer, path: string, body: Body, cookies: string): Answer | null {
  switch (path) {
    case '/auth/register':
      return { status: 201, body: server.signIn(server.addUser(String(body?.username)).id) }
    case '/auth/login': {
      const user = `u_${body?.login}`
      return server.users.has(user)
        ? { status: 200, body: server.signIn(user) }
        : server.error('bad_credentials')
    }
    case '/auth/refresh': {
      const given = String(body?.refresh_token ?? /refresh=([^;]+)/.exec(cookies)?.[1])
      const user = server.refreshTokens.get(given)
      if (user === undefined) return server.error('unauthenticated')
      server.refreshTokens.delete(given)
      return { status: 200, body: server.signIn(user) }
    }
    default:
      return null
  }
}

function answerStream(
  server: FakeServer,
  response: ServerResponse,
  url: URL,
  user: string,
  body: Body,
): Answer | null {
  const session = url.pathname.split('/stream/')[1]
  if (session !== undefined) {
    const connection = [...server.connections].find((one) => one.id === session && one.user === user)
    const polled = server.polls.get(session) === user
    if (connection === undefined && !polled) return server.error('not_found')
    const answer = server.answer(user, body as unknown as ClientFrame)
    return answer === null ? { status: 204 } : { status: 200, body: answer }
  }
  const resume = url.searchParams.get('resume')
  if (url.searchParams.get('poll') === '1') return server.poll(response, user, resume)
  if (server.streams === 'refused') return server.error('unavailable')
  server.openStream(response, user, resume)
  return null
}

async function answerSignedIn(
  server: FakeServer,
  method: string,
  path: string,
  url: URL,
  user: string,
  body: Body,
): Promise<Answer> {
  if (path === '/auth/logout') return { status: 204 }
  if (path === '/users/me') return { status: 200, body: { user: server.users.get(user) } }
  if (path === '/users') {
    const ids = (url.searchParams.get('ids') ?? '').split(',')
    const users = ids.flatMap((id): User[] => [server.users.get(id)].filter((one) => one !== undefined))
    return { status: 200, body: { users } }
  }
  if (path === '/rooms' && method === 'POST') {
    const names = (body?.usernames as string[] | undefined) ?? []
    const kind = body?.kind as 'public' | 'group' | 'direct'
    const room = server.addRoom(`r${server.rooms.size + 1}`, kind, [
      user,
      ...names.map((name) => `u_${name}`),
    ])
    return { status: 201, body: { room: room.facts(user, server.users) } }
  }
  return answerRoom(server, path, url, user)
}

async function answerRoom(server: FakeServer, path: string, url: URL, user: string): Promise<Answer> {
  const [, , id = '', rest = ''] = path.split('/')
  const room = server.rooms.get(id)
  if (room === undefined || !room.members.has(user)) return server.error('not_found')
  switch (rest) {
    case '': {
      const body = { room: room.facts(user, server.users) }
      const { afterRoom } = server
      server.afterRoom = null
      await afterRoom?.()
      return { status: 200, body }
    }
    case 'messages': {
      const { beforeAnswer, afterAnswer } = server
      server.beforeAnswer = null
      server.afterAnswer = null
      beforeAnswer?.()
      const body = room.page(user, url.searchParams)
      afterAnswer?.()
      return { status: 200, body }
    }
    case 'members': {
      const members = [...room.members].map(([member, { role, read, delivered }]) => ({
        user: server.users.get(member),
        role,
        joined_at: 0,
        read_seq: read,
        delivered_seq: delivered,
      }))
      return { status: 200, body: { members } }
    }
    default:
      return server.error('not_found')
  }
}
