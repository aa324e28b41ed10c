/** People who talk through a proxy while a fault is upon them, and what is known of their talk afterwards. */
import type { Entry } from '@parley/protocol'
import type { CreateParleyOptions, Parley } from '@parley/sdk'
import { createPeople, type People, type Person, storedBodies, until } from '../scenarios/topology.ts'
import { addVerdicts, auditLog, auditScreen, type Verdict } from '../support/audit.ts'
import type { Random } from './seeds.ts'
import { Ledger, observe } from './wire.ts'

export interface Member extends Person {
  readonly ledger: Ledger
}

/** Where it can be asked by REST. */
interface Server {
  readonly url: string
}

export interface CrowdOptions {
  readonly server: Server
  /** Where its clients connect; several are taken in turn. */
  readonly urls: readonly string[]
  readonly size: number
  readonly random: Random
  /** By the member's number. */
  readonly client?: (who: number) => CreateParleyOptions
}

export interface Crowd {
  readonly members: readonly Member[]
  /** A new room with everybody in it and its window open on every screen. */
  open(): Promise<Talk>
  stop(): Promise<void>
}

const CAUGHT_UP_MS = 60_000
const SCREEN_MAX_PAGES = 200

export async function gatherCrowd({ server, urls, size, random, client }: CrowdOptions): Promise<Crowd> {
  const people: People = createPeople({ urls })
  const members = await Promise.all(
    Array.from({ length: size }, async (_, index): Promise<Member> => {
      const ledger = new Ledger()
      const person = await people.join(`m${index}`, { random, ...observe(ledger), ...client?.(index) })
      return { ...person, ledger }
    }),
  )
  const [owner, ...others] = members
  if (owner === undefined) throw new Error('a crowd has at least one member')
  const talks: Talk[] = []
  return {
    members,
    async open() {
      const usernames = others.map((other) => other.username)
      const { id } = await owner.parley.createRoom({ kind: 'group', name: 'Fault', usernames })
      for (const { parley } of members) {
        await until(parley.room(id), (room) => room !== undefined)
        await until(parley.timeline(id), (state) => state.status === 'ready')
      }
      const talk = new Talk({ room: id, members, server, random })
      talks.push(talk)
      return talk
    },
    async stop() {
      for (const talk of talks) talk.end()
      await people.stop()
    },
  }
}

export class Talk {
  readonly room: string
  readonly members: readonly Member[]
  /** What each member has written, in that order. No body is written twice. */
  readonly sent: string[][]
  /** When each body was written, by `performance.now()`. */
  readonly sentAt = new Map<string, number>()
  readonly #server: Server
  readonly #random: Random
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(parts: { room: string; members: readonly Member[]; server: Server; random: Random }) {
    this.room = parts.room
    this.members = parts.members
    this.sent = parts.members.map(() => [])
    this.#server = parts.server
    this.#random = parts.random
  }

  say(who: number, text = ''): string {
    const own = this.sent[who]
    const member = this.members[who]
    if (own === undefined || member === undefined) throw new Error(`nobody is number ${who}`)
    const body = `${who}:${own.length}${text}`
    own.push(body)
    this.sentAt.set(body, performance.now())
    member.parley.send(this.room, { body })
    return body
  }

  /** Everybody but the silent ones writes now and then, on average each `everyMs`, until `end`. */
  begin(everyMs = 60, silent: readonly number[] = []): void {
    for (const who of this.members.keys()) {
      if (silent.includes(who)) continue
      const next = (): void => {
        const timer = setTimeout(
          () => {
            this.#timers.delete(timer)
            this.say(who)
            next()
          },
          this.#random.between(1, 2 * everyMs),
        )
        this.#timers.add(timer)
      }
      next()
    }
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  /** What every author wrote last. */
  get latest(): string[] {
    return this.sent.flatMap((own) => own.at(-1) ?? [])
  }

  /** Resolves when each of these has stood on every screen, stored; a screen that moves on has room for only so many. */
  async shownToAll(bodies: readonly string[], timeoutMs = CAUGHT_UP_MS): Promise<void> {
    await Promise.all(
      this.members.map(({ parley }) => {
        const missing = new Set(bodies)
        const look = () => {
          for (const body of storedBodies(parley, this.room)) missing.delete(body)
          return missing.size === 0
        }
        return until(parley.timeline(this.room), look, timeoutMs)
      }),
    )
  }

  /** Resolves when so many more messages than now are stored and on every screen. */
  async flow(messages: number): Promise<void> {
    await Promise.all(
      this.members.map(({ parley }) => {
        const from = newestShown(parley, this.room)
        const newer = () => storedMessages(parley, this.room).filter(({ seq }) => seq > from).length
        return until(parley.timeline(this.room), () => newer() >= messages, CAUGHT_UP_MS)
      }),
    )
  }

  get acknowledged(): number {
    return this.members.reduce(
      (sum, { ledger }) => sum + (ledger.acknowledged.get(this.room)?.length ?? 0),
      0,
    )
  }

  /** Ends the talk, waits for those who are late (within bounds) and compares what everybody has. */
  async audit(): Promise<Verdict> {
    this.end()
    // Who does not get there in time is told by the comparison.
    await this.shownToAll(this.latest).catch(() => undefined)
    const entries = await readLog(this.#server, this.members, this.room)
    const acknowledged = this.members.flatMap(({ id, ledger }) =>
      (ledger.acknowledged.get(this.room) ?? []).map((one) => ({ ...one, from: id })),
    )
    const stored = entries.flatMap(({ kind, body }) => (kind === 'message' ? [body ?? ''] : []))
    const screens = await Promise.all(this.members.map((member) => this.#screen(member)))
    return addVerdicts([
      auditLog(entries, acknowledged),
      ...[stored, ...screens].map((bodies) => auditScreen(bodies, this.sent)),
      // Everybody sees the order of the log, not only each author's own.
      ...screens.map((bodies) => auditScreen(bodies, [stored])),
    ])
  }

  /** From the newest to the oldest message, as somebody sees them who scrolls up; a screen has room for only so many. */
  async #screen({ parley }: Member): Promise<string[]> {
    const window = parley.timeline(this.room)
    await until(window, (state) => state.status === 'ready').catch(() => undefined)
    let seen = storedMessages(parley, this.room)
    for (let pages = 0; window.get().hasOlder && pages < SCREEN_MAX_PAGES; pages++) {
      await window.loadOlder()
      const shown = storedMessages(parley, this.room)
      const known = shown.findIndex(({ seq }) => seq === seen[0]?.seq)
      seen = [...shown.slice(0, Math.max(0, known)), ...seen]
    }
    return seen.map(({ body }) => body)
  }
}

/** Of the newest stored message on this screen, 0 when there is none. A screen has room for only so many. */
export function newestShown(parley: Parley, room: string): number {
  return Math.max(0, ...storedMessages(parley, room).map(({ seq }) => seq))
}

function storedMessages(parley: Parley, room: string): { seq: number; body: string }[] {
  const { items } = parley.timeline(room).get()
  return items.flatMap((item) =>
    item.type === 'message' && item.seq !== null ? [{ seq: item.seq, body: item.body }] : [],
  )
}

/** An access token of another device of this member, by REST. */
export async function signIn(server: Server, member: Person | undefined): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: member?.username, password: member?.password }),
  })
  if (!answer.ok) throw new Error(`signing in was answered with ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { access_token: string }).access_token
}

/** By somebody's other device, straight from the server. */
async function readLog(server: Server, members: readonly Member[], room: string): Promise<Entry[]> {
  const token = await signIn(server, members[0])
  const entries: Entry[] = []
  for (;;) {
    const query = `after=${entries.at(-1)?.seq ?? 0}&limit=200`
    const answer = await fetch(`${server.url}/api/v1/rooms/${room}/log?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    if (!answer.ok) throw new Error(`the log was answered with ${answer.status}: ${await answer.text()}`)
    const page = (await answer.json()) as { entries: Entry[]; more: boolean }
    entries.push(...page.entries)
    if (!page.more || page.entries.length === 0) return entries
  }
}
