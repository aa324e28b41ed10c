/** Every way in which a person can be connected, and how each of them says that it is over. */
import { createInbox } from './inbox.ts'
import type { Person, Target } from './people.ts'
import { openRaw } from './raw-socket.ts'
import { open } from './sockets.ts'

export interface Live {
  /** The code with which the server ended it. */
  readonly over: Promise<number>
  /** Everything it has brought so far. */
  seen(): string
  cut(): void
}

export interface Way {
  readonly name: string
  /** Resolves once the connection is the person's. */
  readonly open: (target: Target, person: Person, room: string) => Promise<Live>
}

async function socket(target: Target, path: string, headers: Record<string, string>): Promise<Live> {
  const wire = await open(target, { path, headers })
  if (path === '/ws') await wire.next((frame) => frame.t === 'ready')
  return {
    over: wire.closed.then((close) => close.code),
    seen: () => JSON.stringify(wire.frames),
    cut: wire.cut,
  }
}

/** The stand-by link; `poll` waits for news that does not come. */
async function stream(target: Target, person: Person, query: string): Promise<Live> {
  const raw = await openRaw(target, {
    firstBytes: `GET /api/v1/stream${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.token}\r\n\r\n`,
  })
  const inbox = createInbox('stream')
  let text = ''
  raw.socket.on('data', () => {
    text = raw.bytes().toString()
    const code = /"t":"close","code":(\d+)/.exec(text)?.[1]
    if (code !== undefined) inbox.add({ code: Number(code) })
  })
  if (query === '') await raw.until('ready', (bytes) => bytes.includes('"t":"ready"'))
  return {
    over: inbox.next(() => true).then((frame) => Number(frame.code)),
    seen: () => raw.bytes().toString(),
    cut: raw.destroy,
  }
}

const bearer = (person: Person) => ({ Authorization: `Bearer ${person.token}` })

export const WAYS: readonly Way[] = [
  { name: 'a socket with a bearer', open: (target, person) => socket(target, '/ws', bearer(person)) },
  {
    name: 'a socket with a cookie',
    open: (target, person) =>
      socket(target, '/ws', { Cookie: person.cookie, Origin: `http://localhost:${target.port}` }),
  },
  {
    name: 'a socket with a first frame',
    async open(target, person) {
      const wire = await open(target)
      wire.send({ t: 'auth', token: person.token })
      await wire.next((frame) => frame.t === 'ready')
      return {
        over: wire.closed.then((close) => close.code),
        seen: () => JSON.stringify(wire.frames),
        cut: wire.cut,
      }
    },
  },
  { name: 'the stand-by link', open: (target, person) => stream(target, person, '') },
  {
    name: 'the older door of a room',
    async open(target, person, room) {
      const wire = await open(target, { path: `/ws/${room}`, headers: bearer(person) })
      // A message of one's own that comes back shows that the door is open.
      wire.send({ type: 'message', content: 'here I am' })
      await wire.next((frame) => frame.type === 'message')
      return {
        over: wire.closed.then((close) => close.code),
        seen: () => JSON.stringify(wire.frames),
        cut: wire.cut,
      }
    },
  },
  {
    name: 'the older door of notifications',
    open: (target, person) => socket(target, '/ws/join-notification/', bearer(person)),
  },
]
