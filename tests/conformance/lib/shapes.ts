import { at, fail, isObject, list, num, obj, ok, oneOf, show, str } from './asserts.ts'

export interface User {
  readonly id: string
  readonly username: string
  readonly display_name: string
}

export interface Me {
  readonly role: string
  readonly read_seq: number
  readonly delivered_seq: number
  readonly unread: number
}

export interface Room {
  readonly id: string
  readonly kind: string
  readonly name: string | undefined
  readonly owner_id: string | undefined
  readonly head_seq: number
  readonly first_seq: number
  readonly member_count: number
  readonly me: Me | undefined
  readonly peer: User | undefined
}

export interface Entry {
  readonly room: string
  readonly seq: number
  readonly kind: string
  readonly from: string
  readonly at: number
  /** Everything that came, for the fields of one kind. */
  readonly all: Record<string, unknown>
}

export interface Message {
  readonly room: string
  readonly seq: number
  readonly from: string
  readonly at: number
  readonly body: string
  readonly clientId: string | undefined
  readonly isDeleted: boolean
  readonly editedAt: number | undefined
  readonly replyTo: unknown
  readonly reactions: readonly { emoji: string; count: number; mine: boolean }[]
}

const A_DAY_MS = 86_400_000
const EARLIEST_MS = 1_500_000_000_000

/** An opaque string of at most 40 URL-safe characters. */
export function id(value: unknown, path?: string): string {
  const found = str(value, path)
  if (!/^[A-Za-z0-9_.~-]{1,40}$/.test(found))
    fail(`not an id of at most 40 URL-safe characters: ${show(found)}`)
  return found
}

/** Whole milliseconds since the epoch, not in the future. */
export function time(value: unknown, path?: string): number {
  const found = num(value, path)
  ok(Number.isInteger(found), `a time is not in whole milliseconds: ${found} in ${path}`)
  ok(
    found > EARLIEST_MS && found < Date.now() + A_DAY_MS,
    `not milliseconds since the epoch: ${found} in ${path}`,
  )
  return found
}

/** A whole number that is not negative: sequence numbers and counts. */
export function count(value: unknown, path?: string): number {
  const found = num(value, path)
  ok(Number.isInteger(found) && found >= 0, `not a whole number from 0: ${found} in ${path}`)
  return found
}

/** `undefined` for what is absent; a `null` is taken for absent too. */
function optional<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T | undefined {
  const found = at(value, path)
  return found === undefined || found === null ? undefined : read(value, path)
}

export function user(value: unknown): User {
  const found = obj(value)
  const username = str(found, 'username')
  ok(
    /^[a-z0-9](?:[a-z0-9_.-]{1,30})[a-z0-9]$/.test(username),
    `a user name outside its bound: ${show(username)}`,
  )
  const displayName = str(found, 'display_name')
  ok(displayName.length > 0, 'an empty display_name')
  optional(found, 'avatar_url', str)
  return { id: id(found, 'id'), username, display_name: displayName }
}

/** The id in a field that names a user: the id itself, or the user shape where the contract shows one. */
export function userId(value: unknown): string {
  return isObject(value) ? id(value, 'id') : id(value)
}

/** The id in a field that names a room: the id itself, or the room shape. */
export function roomId(value: unknown): string {
  return isObject(value) ? id(value, 'id') : id(value)
}

function me(value: unknown, path: string): Me {
  const found = obj(value, path)
  const role = str(found, 'role')
  oneOf(role, ['owner', 'admin', 'member', 'reader'], 'me.role')
  const unread = count(found, 'unread')
  ok(unread <= 100, `unread counts up to 100, got ${unread}`)
  return { role, read_seq: count(found, 'read_seq'), delivered_seq: count(found, 'delivered_seq'), unread }
}

export function room(value: unknown): Room {
  const found = obj(value)
  const kind = str(found, 'kind')
  oneOf(kind, ['public', 'group', 'direct'], 'room.kind')
  const isDirect = kind === 'direct'
  time(found, 'created_at')
  optional(found, 'last_message', obj)
  return {
    id: id(found, 'id'),
    kind,
    name: kind === 'public' ? str(found, 'name') : optional(found, 'name', str),
    owner_id: isDirect ? optional(found, 'owner_id', id) : id(found, 'owner_id'),
    head_seq: count(found, 'head_seq'),
    first_seq: count(found, 'first_seq'),
    member_count: count(found, 'member_count'),
    me: optional(found, 'me', me),
    peer: optional(found, 'peer', (whole, path) => user(at(whole, path))),
  }
}

export function entry(value: unknown): Entry {
  const all = obj(value)
  const seq = count(all, 'seq')
  ok(seq >= 1, `seq starts at 1, got ${seq}`)
  return {
    room: id(all, 'room'),
    seq,
    kind: str(all, 'kind'),
    from: id(all, 'from'),
    at: time(all, 'at'),
    all,
  }
}

export function message(value: unknown): Message {
  const all = obj(value)
  const isDeleted = at(all, 'deleted') === true
  const reactions = list(all, 'reactions').map((one) => {
    const mine = at(one, 'mine')
    ok(typeof mine === 'boolean', `reactions[].mine is not a boolean: ${show(one)}`)
    return { emoji: str(one, 'emoji'), count: count(one, 'count'), mine }
  })
  return {
    room: id(all, 'room'),
    seq: count(all, 'seq'),
    from: id(all, 'from'),
    at: time(all, 'at'),
    body: isDeleted ? (optional(all, 'body', str) ?? '') : str(all, 'body'),
    clientId: isDeleted ? optional(all, 'client_id', str) : str(all, 'client_id'),
    isDeleted,
    editedAt: optional(all, 'edited_at', time),
    replyTo: at(all, 'reply_to'),
    reactions,
  }
}

export function member(value: unknown): { user: string; role: string } {
  const role = str(value, 'role')
  oneOf(role, ['owner', 'admin', 'member', 'reader'], 'member.role')
  time(value, 'joined_at')
  return { user: user(at(value, 'user')).id, role }
}

/** Checks that the entries are in order and without a gap from `first`. */
export function dense(entries: readonly Entry[], first: number): void {
  entries.forEach((one, index) => {
    if (one.seq !== first + index) fail(`a gap in the log: expected seq ${first + index}, got ${one.seq}`)
  })
}
