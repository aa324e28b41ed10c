import { setTimeout as sleep } from 'node:timers/promises'
import { equal, fail, ok, show, str } from './asserts.ts'
import { type Agents, type Answer, createHttp, type Http } from './http.ts'
import { jsonCall, newDevice, type People, type Person, register } from './people.ts'
import { unique } from './random.ts'
import { type Dial, type Dialled, dial, type Frame, type Link, link, type Wire } from './socket.ts'
import { type Stream, stream } from './stream.ts'
import type { Target } from './target.ts'
import type { Trace } from './trace.ts'

/** REST under `/api/v1`, as one person or as nobody. */
export interface Actor {
  readonly person: Person | undefined
  get(path: string): Promise<Answer>
  post(path: string, body?: unknown): Promise<Answer>
  put(path: string, body?: unknown): Promise<Answer>
  patch(path: string, body?: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
  call(method: string, path: string, body?: unknown): Promise<Answer>
}

export interface ConnectOptions {
  readonly resume?: string
  /** How to authenticate, `bearer` by default. */
  readonly how?: 'bearer' | 'cookie' | 'frame'
}

/** Exactly `N` people, so that taking them apart needs no check. */
export type Persons<N extends number, Made extends Person[] = []> = Made['length'] extends N
  ? Made
  : Persons<N, [...Made, Person]>

/** What a case gets. Whatever it opens here is closed when the case ends. */
export interface Context {
  readonly target: Target
  readonly trace: Trace
  readonly http: Http
  readonly seed: number
  /** Borrows a person nobody else uses until this case ends. */
  person(): Promise<Person>
  persons<N extends number>(count: N): Promise<Persons<N>>
  /** A person of this case only, for what changes an account for good. */
  newcomer(): Promise<Person>
  device(person: Person): Promise<Person>
  as(person: Person | undefined): Actor
  /** A name with spaces that no other run uses, 20 characters or more. */
  name(start: string): string
  dial(options: Dial & { autoPong?: boolean }): Promise<Dialled>
  /** A socket that must open. */
  wire(options: Dial & { autoPong?: boolean }): Promise<Wire>
  connect(person: Person, options?: ConnectOptions): Promise<Link>
  stream(person: Person, resume?: string): Promise<Stream>
  pause(ms: number): Promise<void>
}

export interface Shared {
  readonly target: Target
  readonly agents: Agents
  readonly people: People
  readonly seed: number
}

export interface Opened {
  readonly context: Context
  /** Closes what was opened; people are lent again only after success. */
  close(hasPassed: boolean): Promise<void>
}

export function bearer(person: Person): Record<string, string> {
  return { authorization: `Bearer ${person.token}` }
}

export function openContext(shared: Shared, trace: Trace): Opened {
  const { target } = shared
  const http = createHttp(target, shared.agents, trace)
  const borrowed: Person[] = []
  const closers: (() => unknown)[] = []
  let sockets = 0

  async function person(): Promise<Person> {
    const found = await shared.people.borrow(http)
    borrowed.push(found)
    return found
  }

  async function dialHere(options: Dial & { autoPong?: boolean }): Promise<Dialled> {
    sockets += 1
    const dialled = await dial(target, trace, `socket ${sockets}`, options)
    if ('wire' in dialled) closers.push(() => dialled.wire.end())
    return dialled
  }

  async function wire(options: Dial & { autoPong?: boolean }): Promise<Wire> {
    const dialled = await dialHere(options)
    if ('wire' in dialled) return dialled.wire
    return fail(
      `the upgrade of ${options.path ?? '/ws'} was refused with ${dialled.refusedWith}: ${show(dialled.text)}`,
    )
  }

  const context: Context = {
    target,
    trace,
    http,
    seed: shared.seed,
    person,
    async persons<N extends number>(count: N) {
      return (await Promise.all(Array.from({ length: count }, person))) as Persons<N>
    },
    newcomer: () => register(http),
    device: (whose) => newDevice(http, whose),
    as: (whose) => actor(http, whose),
    name: (start) => `${start} ${unique(16)}`,
    dial: dialHere,
    wire,
    connect: (whose, options = {}) => connect(wire, target, trace, whose, options),
    async stream(whose, resume) {
      const query = resume === undefined ? '' : `?resume=${encodeURIComponent(resume)}`
      const headers = { ...bearer(whose), accept: 'text/event-stream' }
      const response = await http.open({ method: 'GET', path: `/api/v1/stream${query}`, headers })
      sockets += 1
      const opened = stream(response, trace, `stream ${sockets}`)
      closers.push(() => opened.end())
      return opened
    },
    pause: (ms) => sleep(ms),
  }
  return {
    context,
    async close(hasPassed) {
      await Promise.allSettled(closers.map(async (closer) => await closer()))
      if (hasPassed) for (const one of borrowed) shared.people.giveBack(one)
    },
  }
}

function actor(http: Http, person: Person | undefined): Actor {
  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const request =
      body === undefined
        ? { method, path: `/api/v1${path}`, headers: {} }
        : jsonCall(method, `/api/v1${path}`, body)
    const auth = person === undefined ? {} : bearer(person)
    return await http.call({ ...request, headers: { ...request.headers, ...auth } })
  }
  return {
    person,
    call,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path) => call('DELETE', path),
  }
}

async function connect(
  open: (options: Dial) => Promise<Wire>,
  target: Target,
  trace: Trace,
  person: Person,
  { resume, how = 'bearer' }: ConnectOptions,
): Promise<Link> {
  const query = resume === undefined || how === 'frame' ? '' : `?resume=${encodeURIComponent(resume)}`
  const headers: Record<string, string> =
    how === 'bearer'
      ? bearer(person)
      : how === 'cookie'
        ? { cookie: person.cookies, origin: target.origin }
        : {}
  const wire = await open({ path: `/ws${query}`, headers })
  const hello = await wire.next('`hello`', () => true)
  equal(hello.t, 'hello', 'type of the first frame')
  equal(hello.auth_required, how === 'frame', `hello.auth_required when authenticating by ${how}`)
  if (how === 'frame') {
    wire.send({ t: 'auth', token: person.token, ...(resume === undefined ? {} : { resume }) })
  }
  const ready = await wire.next('`ready`', (frame) => frame.t === 'ready')
  ok(wire.frames.indexOf(ready) === 1, 'a frame came between hello and ready')
  str(ready, 'cursor')
  return link(wire, hello, ready, trace)
}

/** Waits for `ready` on a socket opened by hand and turns it into a link. */
export async function readyLink(context: Context, wire: Wire): Promise<Link> {
  const hello = await wire.next('`hello`', (frame) => frame.t === 'hello')
  const ready = await wire.next('`ready`', (frame: Frame) => frame.t === 'ready')
  return link(wire, hello, ready, context.trace)
}
