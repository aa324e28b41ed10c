/** What the rooms service promises: rooms, members, the room log, search, watermarks and cursors. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { userRecord } from './auth.ts'
import { defineContract, once, type ServiceOf, verb } from './contract.ts'

const inRoom = z.object({ user: shape.id, room: shape.id })
const onMessage = inRoom.extend({ target: shape.seq, client_id: z.string().optional() })
const page = { limit: z.int(), cursor: z.string().optional() }
/** `fresh` is false when the request was a repetition: the entry is that of the first time. */
const appended = z.object({ entry: shape.entry, fresh: z.boolean() })
const roomAnswer = z.object({ room: shape.room })
const logRoom = z.object({
  room: shape.id,
  entries: z.array(shape.entry),
  head_seq: shape.position,
  first_seq: shape.position,
  more: z.boolean(),
})

/** Of one `changedMemberships` call; a gateway with more people asks in groups. */
export const CHANGED_MEMBERSHIPS_MAX_USERS = 1_000

/** Pairs of member and room in one call. */
export const MEMBER_MARKS_MAX = 1_000

export const roomsContract = defineContract('rooms', {
  /** Keeps the copy of users and permissions; an older `version` never overwrites a newer one, unless it is a repair. */
  syncUsers: verb(z.object({ users: z.array(userRecord), repair: z.boolean().optional() }), z.object({})),
  /** The copy itself, ascending by id: for comparing it with auth's. */
  userCopies: verb(
    z.object({ after: shape.id.optional(), limit: z.int().max(500) }),
    z.object({ users: z.array(userRecord) }),
  ),

  createRoom: verb(
    z.object({
      user: shape.id,
      kind: shape.roomKind,
      name: z.string().optional(),
      usernames: z.array(z.string()),
    }),
    z.object({ room: shape.room, fresh: z.boolean() }),
    once,
  ),
  getRoom: verb(inRoom, roomAnswer),
  /** My rooms, latest activity first. */
  listRooms: verb(
    z.object({ user: shape.id, ...page }),
    z.object({ rooms: z.array(shape.room), next: z.string().optional() }),
  ),
  searchRooms: verb(
    z.object({ user: shape.id, query: z.string().optional(), ...page }),
    z.object({ rooms: z.array(shape.room), next: z.string().optional() }),
  ),
  /** The public room with this name, found as names are unique: without regard to case. */
  findRoom: verb(z.object({ user: shape.id, name: z.string() }), roomAnswer),
  renameRoom: verb(inRoom.extend({ name: z.string() }), roomAnswer),
  /**
   * A picture of this user's own, made square; null takes the present one away. Throws `forbidden` as renaming does, and
   * as `makeSquare` of the files service.
   */
  setRoomPicture: verb(inRoom.extend({ file: shape.id.nullable() }), roomAnswer),
  deleteRoom: verb(inRoom, z.object({})),
  /** How long the room keeps its messages, and when they go to the archive; any member may know. */
  getRoomStorage: verb(inRoom, z.object({ storage: shape.roomStorage })),
  /** What is left out stays as it is; null gives it back to the server's settings. */
  setRoomStorage: verb(
    inRoom.extend(shape.roomStorageChoice.partial().shape),
    z.object({ storage: shape.roomStorage }),
  ),

  joinRoom: verb(inRoom, roomAnswer),
  leaveRoom: verb(inRoom, z.object({})),
  listMembers: verb(
    inRoom.extend(page),
    z.object({ members: z.array(shape.member), next: z.string().optional() }),
  ),
  addMember: verb(inRoom.extend({ username: z.string() }), z.object({ member: shape.member })),
  setRole: verb(inRoom.extend({ member: shape.id, role: shape.role }), z.object({ member: shape.member })),
  removeMember: verb(inRoom.extend({ member: shape.id }), z.object({})),
  /** Removes and keeps out until lifted. */
  banMember: verb(inRoom.extend({ member: shape.id }), z.object({})),
  liftBan: verb(inRoom.extend({ member: shape.id }), z.object({})),
  listBans: verb(inRoom, z.object({ users: z.array(shape.user) })),

  sendMessage: verb(
    inRoom.extend({
      client_id: z.string(),
      body: z.string(),
      reply_to: shape.seq.optional(),
      file_ids: z.array(shape.id).optional(),
    }),
    appended,
  ),
  editMessage: verb(onMessage.extend({ body: z.string() }), appended, once),
  deleteMessage: verb(onMessage, appended),
  react: verb(onMessage.extend({ emoji: z.string() }), appended),
  unreact: verb(onMessage.extend({ emoji: z.string() }), appended),
  pin: verb(onMessage, appended),
  unpin: verb(onMessage, appended),

  /** Messages in their newest state, ascending; the newest page without a place. */
  listMessages: verb(
    inRoom.extend({
      before: shape.position.optional(),
      after: shape.position.optional(),
      around: shape.position.optional(),
      limit: z.int(),
    }),
    z.object({ messages: z.array(shape.message), more: z.boolean() }),
  ),
  getMessage: verb(inRoom.extend({ seq: shape.seq }), z.object({ message: shape.message })),
  listPins: verb(inRoom, z.object({ messages: z.array(shape.message) })),
  searchMessages: verb(
    z.object({
      user: shape.id,
      query: z.string(),
      room: shape.id.optional(),
      from: shape.id.optional(),
      ...page,
    }),
    z.object({ messages: z.array(shape.message), next: z.string().optional() }),
  ),
  /** Entries after a seq, in order, without a gap from `max(after + 1, first_seq)`; an error per room one may not read. */
  readLog: verb(
    z.object({
      user: shape.id,
      rooms: z.array(z.object({ room: shape.id, after: shape.position })),
      limit: z.int(),
    }),
    z.object({
      rooms: z.array(
        z.union([
          logRoom,
          z.object({ room: shape.id, error: z.object({ code: z.string(), message: z.string() }) }),
        ]),
      ),
    }),
  ),

  /** Files of the room's messages, newest first. */
  listFiles: verb(
    inRoom.extend({ kind: shape.fileKind.optional(), ...page }),
    z.object({ files: z.array(shape.sentFile), next: z.string().optional() }),
  ),

  /** For the files service: whether a message that this user may read carries the file, or it is the picture of a room they see. */
  canReadFile: verb(z.object({ user: shape.id, file: shape.id }), z.object({ allowed: z.boolean() })),
  /** For the files service: those of them that a message carries or a room shows. */
  filesInUse: verb(z.object({ files: z.array(shape.id).max(500) }), z.object({ files: z.array(shape.id) })),
  /** For the files service: files of messages that went, oldest first, until they are forgotten. */
  droppedFiles: verb(
    z.object({ limit: z.int().max(500) }),
    z.object({ dropped: z.array(z.object({ drop: z.int(), file: shape.id })) }),
  ),
  forgetDroppedFiles: verb(z.object({ drops: z.array(z.int()).max(500) }), z.object({})),

  /** Ids of all my rooms: what a gateway subscribes to before it reads `resume`. */
  listRoomIds: verb(z.object({ user: shape.id }), z.object({ rooms: z.array(shape.id) })),
  /** The list of rooms at a connection's start; see `ready` in the protocol. */
  resume: verb(
    z.object({ user: shape.id, cursor: z.string().optional() }),
    z.object({
      mode: z.enum(['snapshot', 'delta']),
      cursor: z.string(),
      rooms: z.array(shape.room),
      gone: z.array(shape.id),
      next: z.string().optional(),
    }),
  ),
  /** A cursor that lags behind the database by more than repair takes, for heartbeats. */
  currentCursor: verb(z.object({}), z.object({ cursor: z.string().nullable() })),
  mark: verb(
    inRoom.extend({ delivered: shape.position.optional(), read: shape.position.optional() }),
    z.object({ read: shape.position, delivered: shape.position, unread: z.int() }),
  ),

  /**
   * For gateways only: memberships of these users that began, ended or changed since the cursor, as they are now; `facts`
   * for those that are over, unless the room was deleted. With `more` the next page follows at the answer's cursor, for
   * the same users. `reset`: no cursor was given, or it is worth nothing any more, and everything must be looked at anew.
   */
  changedMemberships: verb(
    z.object({ users: z.array(shape.id).max(CHANGED_MEMBERSHIPS_MAX_USERS), cursor: z.string().optional() }),
    z.object({
      cursor: z.string(),
      changes: z.array(
        z.object({ user: shape.id, room: shape.id, member: z.boolean(), facts: shape.room.optional() }),
      ),
      more: z.boolean(),
      reset: z.boolean(),
    }),
  ),
  /**
   * For the scheduler only: moves entries older than `before` (milliseconds since the epoch), or than what their room
   * has chosen, to the archive for about a second. With `next` there is more to look at, from there on.
   */
  archiveEntries: verb(
    z.object({ before: z.int(), after: z.string().optional() }),
    z.object({ moved: z.int(), rooms: z.int(), next: z.string().exactOptional() }),
  ),
  /**
   * For the scheduler only: deletes for good, for about a second, what is older than so many days, or than what its room
   * has chosen; null: only the latter. `kept`: of these for a legal hold. With `next` there is more, from there on.
   */
  expireMessages: verb(
    z.object({ days: z.int().nullable(), after: z.string().optional() }),
    z.object({
      entries: z.int(),
      messages: z.int(),
      kept: z.int(),
      rooms: z.int(),
      next: z.string().exactOptional(),
    }),
  ),
  /** For services only, no membership is asked: the first entry that those of these rooms that there are still have. */
  floors: verb(
    z.object({ rooms: z.array(shape.id).max(MEMBER_MARKS_MAX) }),
    z.object({ floors: z.record(shape.id, shape.position) }),
  ),
  /** For gateways only, no membership is asked: heads of rooms, to compare after the bus was away. */
  heads: verb(
    z.object({ rooms: z.array(shape.id) }),
    z.object({ heads: z.record(shape.id, shape.position) }),
  ),
  /**
   * For services only, no membership is asked: what may be told of a room, oldest first, without its texts: messages
   * and edits younger than `since` that nobody has deleted, joins, calls, and what takes back: deletions and leaves. Everything
   * up to `through` is in the answer; a room that is `gone` has nothing. `authors` by the seq of what is answered, `pair`
   * the two of a direct room.
   */
  listTellable: verb(
    z.object({
      room: shape.id,
      after: shape.position,
      upto: shape.position,
      since: shape.timestamp,
      limit: z.int(),
    }),
    z.object({
      entries: z.array(shape.entry),
      through: shape.position,
      authors: z.record(z.string(), shape.id),
      pair: z.array(shape.id).optional(),
      gone: z.literal(true).optional(),
    }),
  ),
  /** For services only: watermarks of those pairs that are a membership. */
  memberMarks: verb(
    z.object({ members: z.array(inRoom).max(MEMBER_MARKS_MAX) }),
    z.object({
      marks: z.array(inRoom.extend({ read: shape.position, delivered: shape.position })),
    }),
  ),
  /**
   * For services only: what each may read there, in its newest state and cut, in order; the room's name where the entry
   * is no message. Empty for what was deleted and what this user may not read.
   */
  listPreviews: verb(
    z.object({ places: z.array(inRoom.extend({ seq: shape.seq })).max(MEMBER_MARKS_MAX) }),
    z.object({ previews: z.array(z.string()) }),
  ),
  /**
   * For the calls service only: whether this member may start or answer calls there, and the members, one more than
   * it rings for at most. Throws as reading does.
   */
  callRoom: verb(
    inRoom,
    z.object({ direct: z.boolean(), canStart: z.boolean(), members: z.array(shape.id) }),
  ),
  /** For the calls service only; `client_id` makes it the same line. */
  appendCallLine: verb(
    z.object({ room: shape.id, sender: shape.id, client_id: z.string(), line: shape.callLine }),
    z.object({}),
  ),
  /** For gateways only: the stored entries of a gap as bus events, ready to be pushed. */
  replay: verb(
    z.object({ room: shape.id, after: shape.position, upto: shape.position }),
    z.object({
      events: z.array(
        z.object({
          seq: shape.seq,
          kind: shape.entryKind,
          frame: z.string(),
          user: shape.id.exactOptional(),
        }),
      ),
      more: z.boolean(),
    }),
  ),
})

export type RoomsService = ServiceOf<typeof roomsContract>
