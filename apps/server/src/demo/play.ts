/** Lets the demo's people register, open their rooms and say their lines. Running it again changes nothing. */
import { PlainError } from '../plain-error.ts'
import type { Api, Session } from './api.ts'
import { people } from './people.ts'
import { privateRooms } from './private-rooms.ts'
import { publicRooms } from './public-rooms.ts'
import type { Conversation, Line, Person } from './story-types.ts'

export interface DemoOptions {
  readonly api: Api
  readonly password: string
  readonly say: (line: string) => void
}

interface RoomShape {
  readonly id: string
  readonly kind: string
  readonly name: string
}
type Sessions = ReadonlyMap<string, Session>

export async function playDemo({ api, password, say }: DemoOptions): Promise<void> {
  const sessions = new Map<string, Session>()
  let newcomers = 0
  for (const person of people) {
    const { session, isNew } = await enter(api, person, password)
    sessions.set(person.username, session)
    if (isNew) newcomers++
    say(`${person.name} (${person.username}) ${isNew ? 'registered' : 'was here already'}`)
  }
  for (const conversation of [...publicRooms, ...privateRooms]) {
    const room = await openRoom(api, sessions, conversation)
    const spoken = await speak(api, sessions, conversation, room)
    const title = conversation.name === '' ? conversation.members.join(' and ') : `“${conversation.name}”`
    say(`${title}: ${spoken.fresh === 0 ? 'nothing new' : `${spoken.fresh} messages`}`)
    await finish(api, sessions, conversation, { room, seqs: spoken.seqs })
  }
  say(newcomers === 0 ? 'Everything was there already.' : 'The team is complete.')
}

async function enter(
  api: Api,
  person: Person,
  password: string,
): Promise<{ session: Session; isNew: boolean }> {
  interface SignIn {
    user: { id: string }
    access_token: string
  }
  const registered = await api.call<SignIn>('POST', '/auth/register', {
    body: { username: person.username, password, display_name: person.name },
    accepted: [201, 409],
  })
  if (registered.status === 201) return { session: sessionOf(registered.body), isNew: true }
  const entered = await api.call<SignIn>('POST', '/auth/login', {
    body: { login: person.username, password },
    accepted: [200, 401],
  })
  if (entered.status === 401) {
    throw new PlainError(
      `Somebody called ${person.username} is here with another password: give it with --password, or use an empty server.`,
    )
  }
  return { session: sessionOf(entered.body), isNew: false }

  function sessionOf(body: SignIn): Session {
    return { id: body.user.id, token: body.access_token }
  }
}

async function openRoom(api: Api, sessions: Sessions, conversation: Conversation): Promise<string> {
  const { kind, name, members } = conversation
  const [opener = '', ...others] = members
  const token = sessions.get(opener)?.token
  if (kind === 'direct') {
    const { body } = await api.call<{ room: RoomShape }>('POST', '/rooms', {
      token,
      body: { kind, usernames: others },
    })
    return body.room.id
  }
  const existing = await findRoom(api, token, conversation)
  if (existing !== undefined && kind === 'group') return existing
  const id =
    existing ??
    (await createRoom(api, token, { kind, name, ...(kind === 'group' ? { usernames: others } : {}) }))
  if (kind === 'public') {
    for (const member of members)
      await api.call('POST', `/rooms/${id}/join`, { token: sessions.get(member)?.token })
  }
  return id
}

async function createRoom(api: Api, token: string | undefined, body: object): Promise<string> {
  const answer = await api.call<{ room: RoomShape }>('POST', '/rooms', { token, body })
  return answer.body.room.id
}

/** Public rooms by search, groups among those of whoever opened it. */
async function findRoom(
  api: Api,
  token: string | undefined,
  { kind, name }: Conversation,
): Promise<string | undefined> {
  let cursor: string | undefined
  do {
    const query = new URLSearchParams(cursor === undefined ? { limit: '200' } : { limit: '200', cursor })
    if (kind === 'public') query.set('query', name)
    const path = kind === 'public' ? '/rooms/search' : '/rooms'
    const { body } = await api.call<{ rooms: RoomShape[]; next?: string }>('GET', `${path}?${query}`, {
      token,
    })
    const found = body.rooms.find(
      (room) => room.kind === kind && room.name.toLowerCase() === name.toLowerCase(),
    )
    if (found !== undefined) return found.id
    cursor = body.next
  } while (cursor !== undefined)
  return undefined
}

/** One after the other, as people do; `client_id`s stay the same, so that a repetition stores nothing. */
async function speak(
  api: Api,
  sessions: Sessions,
  { key, lines }: Conversation,
  room: string,
): Promise<{ fresh: number; seqs: readonly number[] }> {
  const named = new Map<string, number>()
  const seqs: number[] = []
  let fresh = 0
  for (const [index, line] of lines.entries()) {
    const replyTo = line.to === undefined ? undefined : named.get(line.to)
    const { status, body } = await api.call<{ entry: { seq: number } }>('POST', `/rooms/${room}/messages`, {
      token: sessions.get(line.by)?.token,
      body: {
        client_id: `demo-${key}-${index}`,
        body: line.says,
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
      },
    })
    if (status === 201) fresh++
    seqs.push(body.entry.seq)
    if (line.as !== undefined) named.set(line.as, body.entry.seq)
  }
  return { fresh, seqs }
}

/** Edits, reactions, pins, and who has read how far. */
async function finish(
  api: Api,
  sessions: Sessions,
  conversation: Conversation,
  { room, seqs }: { room: string; seqs: readonly number[] },
): Promise<void> {
  const { key, lines, members, unreadFor = [] } = conversation
  const pins = new Map<string, number[]>()
  for (const [index, line] of lines.entries()) {
    const seq = seqs[index]
    if (seq === undefined) continue
    await decorate(api, sessions, line, {
      path: `/rooms/${room}/messages/${seq}`,
      key: `demo-${key}-${index}-edit`,
    })
    if (line.pinnedBy !== undefined) pins.set(line.pinnedBy, [...(pins.get(line.pinnedBy) ?? []), seq])
  }
  const [last = 0] = seqs.slice(-1)
  // Whoever has not read the end stopped three lines before it.
  const [early = 0] = seqs.slice(-4)
  for (const member of members) {
    const session = sessions.get(member)
    if (session === undefined) continue
    const pinned = (pins.get(member) ?? []).map((target) => ({ t: 'pin', room, target }))
    const read = unreadFor.includes(member) ? early : last
    await api.overSocket(session.token, [...pinned, { t: 'mark', room, read, delivered: last }])
  }
}

async function decorate(
  api: Api,
  sessions: Sessions,
  line: Line,
  { path, key }: { path: string; key: string },
): Promise<void> {
  if (line.thenEdited !== undefined) {
    const token = sessions.get(line.by)?.token
    await api.call('PATCH', path, { token, body: { body: line.thenEdited, client_id: key } })
  }
  for (const [emoji, fans] of Object.entries(line.liked ?? {})) {
    for (const fan of fans) {
      const token = sessions.get(fan)?.token
      await api.call('PUT', `${path}/reactions/${encodeURIComponent(emoji)}`, { token })
    }
  }
}
