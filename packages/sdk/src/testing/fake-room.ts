/** A tiny model of the server's side of a room: the log, and every answer computed from it anew, in the plainest way. */
import type { Entry, Message, Room, RoomKind, User } from '@parley/protocol'
import { UNREAD_CAP } from '@parley/protocol'

export interface FakeMember {
  role: 'owner' | 'admin' | 'member' | 'reader'
  read: number
  delivered: number
}

export type NewEntry = Omit<Entry, 'room' | 'seq' | 'at'>

export class FakeRoom {
  readonly id: string
  readonly kind: RoomKind
  readonly log: Entry[] = []
  readonly members = new Map<string, FakeMember>()
  readonly createdAt: number
  name: string
  firstSeq = 1
  /** Resume cursors compare with this. */
  changed = 0

  constructor(id: string, kind: RoomKind, name: string, createdAt: number) {
    this.id = id
    this.kind = kind
    this.name = name
    this.createdAt = createdAt
  }

  get head(): number {
    return this.log.length
  }

  /** What a repetition of the same `client_id` finds. */
  known(from: string, clientId: string | undefined): Entry | undefined {
    return clientId === undefined
      ? undefined
      : this.log.find((entry) => entry.from === from && entry.client_id === clientId)
  }

  append(entry: NewEntry, at: number): Entry {
    const stored: Entry = { room: this.id, seq: this.head + 1, at, ...entry }
    this.log.push(stored)
    if (stored.kind === 'delete') this.#redact(stored.target ?? 0)
    if (stored.kind === 'rename') this.name = stored.name ?? this.name
    if (stored.user !== undefined) this.#changeMember(stored, stored.user)
    return stored
  }

  #changeMember({ kind, role }: Entry, user: string): void {
    if (kind === 'join')
      this.members.set(user, { role: role ?? 'member', read: this.head, delivered: this.head })
    if (kind === 'leave') this.members.delete(user)
    const member = this.members.get(user)
    if (kind === 'role' && role !== undefined && member !== undefined) member.role = role
  }

  #redact(target: number): void {
    this.log.forEach((entry, index) => {
      const gone = entry.seq === target || (entry.kind === 'edit' && entry.target === target)
      if (!gone) return
      const { mentions: _mentions, ...rest } = entry
      this.log[index] = { ...rest, body: '', redacted: true }
    })
  }

  messages(me: string): Message[] {
    return this.log.filter((entry) => entry.kind === 'message').map((entry) => this.#message(entry, me))
  }

  #message(entry: Entry, me: string): Message {
    const about = this.log.filter((other) => other.target === entry.seq)
    const { room, seq, from, at, client_id = '', reply_to, files } = entry
    const base = {
      room,
      seq,
      from,
      at,
      client_id,
      reactions: [],
      ...(reply_to === undefined ? {} : { reply_to }),
      ...(files === undefined ? {} : { files }),
    }
    if (about.some((other) => other.kind === 'delete')) return { ...base, body: '', deleted: true }
    const edit = about.findLast((other) => other.kind === 'edit')
    const pin = about.findLast((other) => other.kind === 'pin' || other.kind === 'unpin')
    const mentions = (edit ?? entry).mentions
    return {
      ...base,
      body: (edit ?? entry).body ?? '',
      ...(edit === undefined ? {} : { edited_at: edit.at }),
      ...(mentions === undefined ? {} : { mentions }),
      ...(pin?.kind === 'pin' ? { pinned: true } : {}),
      reactions: this.#reactions(about, me),
    }
  }

  #reactions(about: Entry[], me: string): Message['reactions'] {
    const by = new Map<string, Set<string>>()
    for (const { kind, emoji = '', from } of about) {
      const users = by.get(emoji) ?? new Set()
      if (kind === 'react') by.set(emoji, users.add(from))
      if (kind === 'unreact') users.delete(from)
    }
    return [...by]
      .filter(([, users]) => users.size > 0)
      .map(([emoji, users]) => ({ emoji, count: users.size, mine: users.has(me) }))
      .sort((a, b) => (a.emoji < b.emoji ? -1 : 1))
  }

  /** Whether a reaction, or its end, would change anything. */
  reacted(target: number, emoji: string, user: string): Entry | undefined {
    const last = this.log.findLast(
      (entry) =>
        entry.target === target && entry.emoji === emoji && entry.from === user && /react$/.test(entry.kind),
    )
    return last?.kind === 'react' ? last : undefined
  }

  unread(user: string): number {
    const read = this.members.get(user)?.read ?? 0
    const count = this.messages(user).filter(
      (one) => one.seq > read && one.from !== user && !one.deleted,
    ).length
    return Math.min(UNREAD_CAP, count)
  }

  facts(me: string, users: ReadonlyMap<string, User>): Room {
    const member = this.members.get(me)
    const last = this.messages(me).findLast((message) => !message.deleted)
    const owner = [...this.members].find(([, { role }]) => role === 'owner')
    const peerId = [...this.members.keys()].find((id) => id !== me)
    const peer = this.kind === 'direct' && peerId !== undefined ? users.get(peerId) : undefined
    return {
      id: this.id,
      kind: this.kind,
      name: this.name,
      owner_id: owner?.[0] ?? null,
      head_seq: this.head,
      first_seq: this.firstSeq,
      created_at: this.createdAt,
      last_at: this.log.at(-1)?.at ?? this.createdAt,
      member_count: this.members.size,
      ...(member === undefined
        ? {}
        : {
            me: {
              role: member.role,
              read_seq: member.read,
              delivered_seq: member.delivered,
              unread: this.unread(me),
            },
          }),
      ...(last === undefined || member === undefined ? {} : { last_message: last }),
      ...(peer === undefined ? {} : { peer }),
    }
  }

  page(me: string, query: URLSearchParams): { messages: Message[]; more: boolean } {
    const limit = Number(query.get('limit') ?? 50)
    const all = this.messages(me)
    const after = query.get('after')
    const around = query.get('around')
    if (after !== null) {
      const found = all.filter((message) => message.seq > Number(after))
      return { messages: found.slice(0, limit), more: found.length > limit }
    }
    if (around !== null) {
      const at = all.findIndex((message) => message.seq >= Number(around))
      const from = Math.max(0, at - Math.floor(limit / 2))
      return { messages: all.slice(from, from + limit), more: all.length > limit }
    }
    const before = Number(query.get('before') ?? Number.MAX_SAFE_INTEGER)
    const found = all.filter((message) => message.seq < before)
    return { messages: found.slice(-limit), more: found.length > limit }
  }
}
