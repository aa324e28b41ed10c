import { str } from './asserts.ts'
import { done } from './codes.ts'
import { type Answer, cookiesOf, type Http } from './http.ts'
import { unique } from './random.ts'
import * as shape from './shapes.ts'

export interface Person {
  readonly id: string
  readonly username: string
  readonly password: string
  readonly email: string
  /** A living access token. */
  token: string
  refreshToken: string
  /** What the server set as cookies, for a `Cookie` header. */
  cookies: string
  /** When `token` ends, in milliseconds since the epoch. */
  tokenEndsAt: number
}

/**
 * People that cases borrow. Registering costs the target a password hash each, so they are used again, but never by
 * two cases at once: presence, devices and pushes of one case stay out of another.
 */
export interface People {
  borrow(http: Http): Promise<Person>
  giveBack(person: Person): void
}

const RENEW_BEFORE_MS = 90_000

export function createPeople(): People {
  const free: Person[] = []
  return {
    async borrow(http) {
      const person = free.shift()
      if (person === undefined) return await register(http)
      if (person.tokenEndsAt - Date.now() < RENEW_BEFORE_MS) await logIn(http, person)
      return person
    },
    giveBack: (person) => void free.push(person),
  }
}

export function jsonCall(
  method: string,
  path: string,
  body: unknown,
): { method: string; path: string; headers: Record<string, string>; body: string } {
  return { method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

export async function register(http: Http): Promise<Person> {
  const username = `u${unique(12)}`
  const password = `pw-${unique(14)}`
  const email = `${username}@example.test`
  const answer = await http.call(jsonCall('POST', '/api/v1/auth/register', { username, password, email }))
  done(answer, 201)
  const person = { id: shape.id(answer.body, 'user.id'), username, password, email, ...credentials(answer) }
  return person
}

/** Renews the person's tokens by a new log-in, which is a new device. */
export async function logIn(http: Http, person: Person): Promise<void> {
  Object.assign(person, await newDevice(http, person))
}

export type Credentials = Pick<Person, 'token' | 'refreshToken' | 'cookies' | 'tokenEndsAt'>

/** Another signed-in device of the same person. */
export async function newDevice(http: Http, person: Person): Promise<Person> {
  const { username, password } = person
  const answer = await http.call(jsonCall('POST', '/api/v1/auth/login', { login: username, password }))
  done(answer, 200)
  return { ...person, ...credentials(answer) }
}

export function credentials(answer: Answer): Credentials {
  const seconds = shape.count(answer.body, 'expires_in')
  return {
    token: str(answer.body, 'access_token'),
    refreshToken: str(answer.body, 'refresh_token'),
    cookies: cookiesOf(answer),
    tokenEndsAt: Date.now() + seconds * 1_000,
  }
}
