/**
 * The SDK's public face. One `Parley` is one signed-in (or signing-in) person on one device; it keeps a local
 * store that any UI can subscribe to, and does the network by itself.
 */
import type {
  Device,
  ErrorCode,
  FileKind,
  FileShape,
  MailLocale,
  Member,
  Message,
  Notification,
  NotificationSettings,
  NotifyLevel,
  PermissionName,
  Presence,
  Role,
  Room,
  RoomKind,
  RoomStorage,
  RoomStorageChoice,
  SentFile,
  User,
} from '@parley/protocol'
import type { CallMedia } from '@parley/protocol/calls'
import type { Calls } from './calls/call-types.ts'
import type { Emails } from './emails.ts'

/** A value that changes: `get` returns the same reference until it does, so React's `useSyncExternalStore` takes it as it is. */
export interface Store<Value> {
  get(): Value
  subscribe(listener: () => void): () => void
}

export type SessionState =
  | { readonly status: 'unknown' }
  | { readonly status: 'signed_out'; readonly reason?: 'revoked' | 'expired' }
  | { readonly status: 'signed_in'; readonly user: User }

export interface ConnectionState {
  readonly status: 'idle' | 'connecting' | 'online' | 'offline'
  /** How the living connection travels. */
  readonly transport: 'socket' | 'stream' | 'poll' | null
  /** When the next attempt is due, milliseconds since the epoch; only while `offline`. */
  readonly retryAt: number | null
}

export interface RoomState extends Room {
  /** Ids of those typing now, without oneself. */
  readonly typing: readonly string[]
  /** Watermarks of the others as far as known, by user id. */
  readonly marks: Readonly<Record<string, { readonly delivered: number; readonly read: number }>>
}

/** What the author sees of a message's way. `delivered` and `read`: at least one other member, in direct and group rooms. */
export type DeliveryState = 'sending' | 'failed' | 'sent' | 'delivered' | 'read'

/** A message on the screen: stored (with `seq`) or still in the outbox (`seq` is null). */
export interface TimelineMessage extends Omit<Message, 'seq'> {
  /** Stays the same while a message goes from outbox to stored; the key of a list. */
  readonly key: string
  readonly seq: number | null
  readonly state: DeliveryState | null
  /** Why it failed, for a person, and for a program. */
  readonly error?: string
  readonly error_code?: ErrorCode
  /** Instead of `files`, while some of them have to be uploaded. */
  readonly uploads?: readonly PendingUpload[]
}

/** A file of a message in the outbox. */
export interface PendingUpload {
  readonly id: string
  readonly name: string
  /** As the browser named it; may be empty. */
  readonly type: string
  readonly bytes: number
  /** At the server. */
  readonly done: boolean
  /** The server refused it for good; the message waits for `removeUpload`, `retry` or `discard`. */
  readonly refused?: ErrorCode
}

/** A file that goes with a message. */
export interface NewFile {
  readonly source: Blob
  /** A `File`'s own by default. */
  readonly name?: string
  /** It was uploaded already, and is again only should it be gone. */
  readonly file?: FileShape
}

/** Between messages: joins, leaves, role changes, renames, pins. */
export interface TimelineNotice {
  readonly key: string
  readonly seq: number
  readonly kind: 'join' | 'leave' | 'role' | 'rename' | 'pin' | 'unpin'
  readonly from: string
  readonly at: number
  readonly user?: string
  readonly role?: Role
  readonly name?: string
  readonly target?: number
}

/** A call of the room, at the place where it was started; one item, however many lines of the log tell of it. */
export interface TimelineCall {
  readonly key: string
  readonly seq: number
  /** The call's id. */
  readonly call: string
  /** Who started it. */
  readonly from: string
  readonly at: number
  readonly media: CallMedia
  /** Who was in it, in the order of their coming. */
  readonly users: readonly string[]
  /**
   * How it ended; all but `completed` mean that nobody answered. Left out: it goes on, or the window does not reach its end –
   * `Calls` says which.
   */
  readonly end?: {
    readonly at: number
    readonly reason: 'completed' | 'missed' | 'declined' | 'busy' | 'cancelled'
    /** From the first answer on; of `completed`. */
    readonly duration_ms?: number
  }
}

export type TimelineItem =
  | ({ readonly type: 'message' } & TimelineMessage)
  | ({ readonly type: 'notice' } & TimelineNotice)
  | ({ readonly type: 'call' } & TimelineCall)

export interface TimelineState {
  /** Ascending by seq; the outbox at the end. */
  readonly items: readonly TimelineItem[]
  readonly status: 'loading' | 'ready' | 'error'
  readonly hasOlder: boolean
  /** True while the window is not at the head (after opening a permalink far up). */
  readonly hasNewer: boolean
  readonly loadingOlder: boolean
  readonly loadingNewer: boolean
}

/** A window on one room's history that follows the head. */
export interface Timeline extends Store<TimelineState> {
  loadOlder(): Promise<void>
  loadNewer(): Promise<void>
  /** Replaces the window by the surroundings of a message (search result, reply, permalink). */
  openAround(seq: number): Promise<void>
  /** Back to the newest page. */
  openLatest(): Promise<void>
  /** Forgets the window when no screen shows it any more. */
  release(): void
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string
}

export interface InboxState {
  /** Newest first. */
  readonly items: readonly Notification[]
  readonly unread: number
  readonly status: 'loading' | 'ready' | 'error'
  readonly hasOlder: boolean
  /** The last item that came while this device was connected and whose owner may be disturbed. */
  readonly alert: Notification | null
}

/** What concerns me. Asks nothing of the server before somebody subscribes. */
export interface Inbox extends Store<InboxState> {
  /** The newest page anew; `status` says how it went. */
  reload(): Promise<void>
  loadOlder(): Promise<void>
  /** On all my devices. */
  read(ids: readonly string[] | 'all'): Promise<void>
}

/**
 * `unsupported`: by this browser, or without TLS. `blocked`: forbidden in the browser's settings, where only the person can
 * change that. `unknown` before the first connection.
 */
export type PushStatus = 'unknown' | 'unsupported' | 'blocked' | 'off' | 'on'

/** Notifications on this device while nothing of Parley is open. */
export interface Push extends Store<PushStatus> {
  /**
   * Call it in answer to a click: the browser may ask the person. Where it is on already it only changes the language, in
   * which the device says what happened. Rejects when the browser or the server cannot; a refusal is a status.
   */
  enable(language: string): Promise<void>
  disable(): Promise<void>
}

export interface Parley {
  readonly session: Store<SessionState>
  readonly connection: Store<ConnectionState>
  /** My rooms, latest activity first. */
  readonly rooms: Store<readonly RoomState[]>
  /** False until the first list of rooms arrived. */
  readonly roomsReady: Store<boolean>
  room(id: string): Store<RoomState | undefined>
  timeline(room: string): Timeline
  /** Asks the server for people it does not know yet, many in one request. */
  user(id: string): Store<User | undefined>
  presence(id: string): Store<Presence | undefined>
  /** Whom this screen shows; the union of all screens is watched. Returns the end of it. */
  watch(users: readonly string[]): () => void
  readonly inbox: Inbox
  readonly push: Push
  readonly calls: Calls
  readonly email: Emails

  /** Looks whether a session exists (cookie or stored refresh token) and connects. */
  start(): Promise<void>
  /** Ends connection and timers; the store stays readable. */
  stop(): Promise<void>
  register(input: {
    username: string
    password: string
    email?: string
    display_name?: string
    /** In which letters are written; what the browser likes best by default. */
    locale?: MailLocale
  }): Promise<User>
  login(input: { login: string; password: string }): Promise<User>
  logout(): Promise<void>
  changePassword(input: { current: string; next: string }): Promise<void>
  devices(): Promise<readonly Device[]>
  revokeDevice(id: string): Promise<void>
  updateMe(input: { display_name?: string; avatar_file_id?: string | null }): Promise<User>

  createRoom(input: { kind: RoomKind; name?: string; usernames?: readonly string[] }): Promise<Room>
  searchRooms(query: string, cursor?: string): Promise<Page<Room>>
  joinRoom(id: string): Promise<Room>
  leaveRoom(id: string): Promise<void>
  renameRoom(id: string, name: string): Promise<void>
  /** By the id of an uploaded picture, of which the middle is shown; null takes the present one away. */
  setRoomPicture(id: string, file: string | null): Promise<void>
  deleteRoom(id: string): Promise<void>
  members(room: string, cursor?: string): Promise<Page<Member>>
  addMember(room: string, username: string): Promise<Member>
  removeMember(room: string, user: string): Promise<void>
  banMember(room: string, user: string): Promise<void>
  setRole(room: string, user: string, role: Role): Promise<Member>
  /** How long the room keeps its messages, and what the server has. */
  roomStorage(room: string): Promise<RoomStorage>
  /** What is left out stays as it is; null gives it back to the server. */
  setRoomStorage(room: string, choice: Partial<RoomStorageChoice>): Promise<RoomStorage>
  searchUsers(query: string, cursor?: string): Promise<Page<User>>
  onlineUsers(): Promise<readonly User[]>
  searchMessages(input: { query: string; room?: string; cursor?: string }): Promise<Page<Message>>
  pins(room: string): Promise<readonly Message[]>
  /** Files sent to a room, newest first. */
  files(room: string, input?: { kind?: FileKind; cursor?: string | undefined }): Promise<Page<SentFile>>
  permissions(): Promise<{ permissions: Record<PermissionName, boolean>; admin: boolean }>
  /** The one-time code of the server's first start makes one an administrator. */
  claimSetup(code: string): Promise<void>

  /** What I hear of from a room. */
  notifyLevel(room: string): Promise<NotifyLevel>
  setNotifyLevel(room: string, level: NotifyLevel): Promise<void>
  notificationSettings(): Promise<NotificationSettings>
  setNotificationSettings(changes: Partial<NotificationSettings>): Promise<NotificationSettings>

  /**
   * Puts a message into the outbox, which survives the browser, and returns its timeline key at once. Files that are not
   * at the server are kept on this device and uploaded when their message's turn comes; messages after it wait. Throws
   * `too_large` where `canKeep` says no.
   */
  send(
    room: string,
    input: { body: string; reply_to?: number; files?: readonly (FileShape | NewFile)[] },
  ): string
  /** Whether these files can wait in the outbox, which keeps 200 MB in all. */
  canKeep(files: readonly Blob[]): boolean
  /** How much of a `PendingUpload` is at the server, 0 to 1; 0 in a tab that does not upload it. */
  uploadPart(upload: string): Store<number>
  /** The bytes of a `PendingUpload`; undefined when they are gone. */
  uploadBytes(upload: string): Promise<Blob | undefined>
  /** Cancels a `PendingUpload`: its message goes without it or, with nothing left, not at all. */
  removeUpload(key: string, upload: string): void
  /**
   * Uploads a file, to be sent or to be an avatar. What breaks on the way is begun once more from the start; throws
   * `ParleyError`, and the signal's reason when it was cancelled.
   */
  upload(file: Blob, options?: UploadOptions): Promise<FileShape>
  /** Where a browser gets a file, or a picture made small; the cookie opens it. */
  fileUrl(id: string, variant?: 'thumbnail'): string
  /** Tries a failed message again. */
  retry(key: string): void
  /** Gives up a message that failed, or whose files are not all uploaded. */
  discard(key: string): void
  edit(room: string, seq: number, body: string): Promise<void>
  remove(room: string, seq: number): Promise<void>
  react(room: string, seq: number, emoji: string): Promise<void>
  unreact(room: string, seq: number, emoji: string): Promise<void>
  pin(room: string, seq: number): Promise<void>
  unpin(room: string, seq: number): Promise<void>
  /** Everything up to here was seen; sent when it moves forward, at most every second a room. */
  markRead(room: string, seq: number): void
  /** The person is typing here; the SDK keeps the server's interval. */
  typing(room: string): void
  /** Whether anybody looks at this screen; `false` for five minutes makes one `away`. */
  setAttention(looking: boolean): void
}

export interface UploadOptions {
  /** A `File`'s own by default. */
  readonly name?: string
  /** Which part is sent, 0 to 1. Goes back to 0 when it is begun again. */
  readonly onProgress?: (part: number) => void
  readonly signal?: AbortSignal
}

export interface ParleyOptions {
  /** Origin of the server, e.g. `https://chat.example.org`; in a browser its own origin by default. */
  readonly baseUrl?: string
  /** Where outbox (and, outside browsers, the refresh token) live; IndexedDB in browsers, memory elsewhere by default. */
  readonly storage?: Storage
  /** `cookie`: the browser holds the tokens where no script can read them. `bearer`: the SDK does. */
  readonly tokens?: 'cookie' | 'bearer'
}

/** A small durable key-value store. Order: `set` calls on one key take effect in call order. */
export interface Storage {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
  /** All entries whose key begins with `prefix`, ascending by key. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: unknown])[]>
}
