import { randomBytes } from 'node:crypto'

/** The few REST calls of `protocol.md` that set a benchmark's stage. */

/** Registering costs the server an Argon2id each; more at once only queue in front of its four hashing threads. */
const MAX_CONCURRENT_CALLS = 8
/** A token with less time left than this is renewed before a round. */
const RENEW_BEFORE_MS = 180_000

export interface BenchUser {
  id: string
  username: string
  token: string
  refreshToken: string
  expiresAt: number
}

export interface ParleyRest {
  register(count: number, onProgress: (done: number) => void): Promise<BenchUser[]>
  /** Renews, in place, the tokens that would not outlive a round. */
  renewTokens(users: BenchUser[]): Promise<void>
  createPublicRoom(owner: BenchUser, name: string): Promise<string>
  /** `usernames` at most 200. */
  createGroup(owner: BenchUser, name: string, usernames: string[]): Promise<string>
  join(room: string, users: readonly BenchUser[]): Promise<void>
  send(room: string, sender: BenchUser, clientId: string, body: string): Promise<void>
  headSeq(room: string, member: BenchUser): Promise<number>
}

interface Session {
  user: { id: string; username: string }
  access_token: string
  refresh_token: string
  expires_in: number
}

export function parleyRest(port: number): ParleyRest {
  const call = async <T>(method: string, path: string, token?: string, body?: object): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok)
      throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 300)}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
  const toUser = (session: Session): BenchUser => ({
    id: session.user.id,
    username: session.user.username,
    token: session.access_token,
    refreshToken: session.refresh_token,
    expiresAt: Date.now() + session.expires_in * 1000,
  })
  return {
    async register(count, onProgress) {
      const run = randomBytes(4).toString('hex')
      const users: BenchUser[] = []
      let done = 0
      await eachBounded(count, async (i) => {
        const credentials = { username: `bench-${run}-${i}`, password: randomBytes(16).toString('hex') }
        users[i] = toUser(await call<Session>('POST', '/auth/register', undefined, credentials))
        onProgress(++done)
      })
      return users
    },
    async renewTokens(users) {
      const aging = users.filter((user) => user.expiresAt - Date.now() < RENEW_BEFORE_MS)
      await eachBounded(aging.length, async (i) => {
        const user = aging[i] as BenchUser
        const body = { refresh_token: user.refreshToken }
        Object.assign(user, toUser(await call<Session>('POST', '/auth/refresh', undefined, body)))
      })
    },
    async createPublicRoom(owner, name) {
      const answer = await call<{ room: { id: string } }>('POST', '/rooms', owner.token, {
        kind: 'public',
        name,
      })
      return answer.room.id
    },
    async createGroup(owner, name, usernames) {
      const body = { kind: 'group', name, usernames }
      return (await call<{ room: { id: string } }>('POST', '/rooms', owner.token, body)).room.id
    },
    async join(room, users) {
      await eachBounded(users.length, async (i) => {
        await call('POST', `/rooms/${room}/join`, users[i]?.token)
      })
    },
    async send(room, sender, clientId, body) {
      await call('POST', `/rooms/${room}/messages`, sender.token, { client_id: clientId, body })
    },
    async headSeq(room, member) {
      const answer = await call<{ room: { head_seq: number } }>('GET', `/rooms/${room}`, member.token)
      return answer.room.head_seq
    },
  }
}

/** Runs `work(0) … work(count - 1)`, at most `MAX_CONCURRENT_CALLS` at a time; rejects with the first error. */
export async function eachBounded(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: MAX_CONCURRENT_CALLS }, worker))
}
