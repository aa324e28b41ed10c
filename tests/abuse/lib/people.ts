/** People of a server under attack: each has an account, an address of its own, and speaks to the server without a client library. */
import type { TestServer } from '../../support/test-server.ts'

/** The attacks go through the address a proxy would name, so that rates by address are tried, too. */
export const ATTACKED = { PARLEY_RATE_LIMITS: 'on', PARLEY_TRUST_PROXY: 'loopback' } as const

export const PASSWORD = 'correct horse battery'

export type Json = Record<string, unknown>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; an empty object where there is none. */
  readonly body: Json
  /** `error.code` of the body, empty where there is none. */
  readonly code: string
}

export interface Ask {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of one's own; `null` sends none. */
  readonly token?: string | null
  /** Instead of one's own address. */
  readonly address?: string
}

export interface Person {
  readonly id: string
  readonly username: string
  readonly address: string
  token: string
  refreshToken: string
  /** For a `Cookie` header. */
  cookie: string
  /** One request to `path` below `/api/v1` (or from the root, when it begins with `//`). */
  ask(method: string, path: string, ask?: Ask): Promise<Answer>
}

export type Target = Pick<TestServer, 'url' | 'port'>

let lastAddress = 0

/** One nobody has used before, of a network that is reserved for documentation. */
export function newAddress(): string {
  lastAddress++
  return `198.51.${100 + Math.floor(lastAddress / 250)}.${1 + (lastAddress % 250)}`
}

export function newName(prefix: string): string {
  return `${prefix}-${Math.random().toString(36).slice(2, 10)}`
}

export async function ask(
  target: Target,
  method: string,
  path: string,
  { body, headers, token, address }: Ask = {},
): Promise<Answer> {
  const url = path.startsWith('//') ? `${target.url}${path.slice(1)}` : `${target.url}/api/v1${path}`
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token == null ? {} : { authorization: `Bearer ${token}` }),
      ...(address === undefined ? {} : { 'x-forwarded-for': address }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const parsed = parse(text)
  const code = (parsed.error as Json | undefined)?.code
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: parsed,
    code: typeof code === 'string' ? code : '',
  }
}

/** A new account, or with `login` another device of one. */
export async function signUp(
  target: Target,
  prefix = 'person',
  more: Json = {},
  address = newAddress(),
): Promise<Person> {
  const username = newName(prefix)
  const answer = await ask(target, 'POST', '/auth/register', {
    body: { username, password: PASSWORD, ...more },
    address,
  })
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status} ${answer.text}`)
  return personOf(target, answer, username, address)
}

/** The same person on another device. */
export async function signIn(target: Target, person: Person, address = person.address): Promise<Person> {
  const answer = await ask(target, 'POST', '/auth/login', {
    body: { login: person.username, password: PASSWORD },
    address,
  })
  if (answer.status !== 200) throw new Error(`not signed in: ${answer.status} ${answer.text}`)
  return personOf(target, answer, person.username, address)
}

function personOf(target: Target, answer: Answer, username: string, address: string): Person {
  const person: Person = {
    id: String((answer.body.user as Json).id),
    username,
    address,
    token: String(answer.body.access_token),
    refreshToken: String(answer.body.refresh_token),
    cookie: answer.headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; '),
    ask: (method, path, options = {}) =>
      ask(target, method, path, { token: person.token, address, ...options }),
  }
  return person
}

/** The last object of `path` in an answer that must have this status. */
export function expectStatus(answer: Answer, status: number): Json {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status} ${answer.text.slice(0, 500)}`)
  return answer.body
}

export interface NewRoom {
  readonly kind?: 'public' | 'group' | 'direct'
  readonly name?: string
  readonly usernames?: readonly string[]
}

/** Its id. */
export async function openRoom(owner: Person, room: NewRoom = {}): Promise<string> {
  const { kind = 'public', usernames } = room
  const name = kind === 'direct' ? undefined : (room.name ?? newName('room'))
  const answer = await owner.ask('POST', '/rooms', {
    body: {
      kind,
      ...(name === undefined ? {} : { name }),
      ...(usernames === undefined ? {} : { usernames }),
    },
  })
  if (answer.status !== 201 && answer.status !== 200) throw new Error(`no room: ${answer.text}`)
  return String((answer.body.room as Json).id)
}

/** Its seq. */
export async function say(person: Person, room: string, body: string): Promise<number> {
  const answer = await person.ask('POST', `/rooms/${room}/messages`, {
    body: { client_id: newName('client'), body },
  })
  return Number((expectStatus(answer, 201).entry as Json).seq)
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : {}
  } catch {
    return {}
  }
}
