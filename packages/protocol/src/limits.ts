/**
 * Every bound of the public contract, its unit in its name. `hello.limits` and the API document publish
 * them; the tests try each at the bound and one past it.
 */
export const USERNAME_MIN_CHARS = 3
export const USERNAME_MAX_CHARS = 32
export const NAME_MAX_CHARS = 80
export const EMAIL_MAX_CHARS = 254
export const PASSWORD_MIN_CHARS = 8
export const PASSWORD_MAX_CHARS = 128
export const BODY_MAX_CHARS = 8_000
export const CLIENT_ID_MIN_CHARS = 8
export const CLIENT_ID_MAX_CHARS = 40
export const ID_MAX_CHARS = 40
export const FRAME_MAX_BYTES = 65_536
export const JSON_BODY_MAX_BYTES = 65_536
export const LIST_MAX_ITEMS = 200
export const LIST_DEFAULT_ITEMS = 50
export const GROUP_NAMES_MAX = 200
export const FILES_PER_MESSAGE_MAX = 10
/** After cleaning, its ending kept. */
export const FILE_NAME_MAX_CHARS = 200
export const FILE_PLACEHOLDER_MAX_CHARS = 400
export const WATCH_MAX_USERS = 500
export const UNREAD_CAP = 100
export const QUERY_MAX_CHARS = 200
/** Rooms in one `ready`; the rest come by the request `rooms`. */
export const READY_MAX_ROOMS = 200
/** Rooms in one `log` request. */
export const LOG_MAX_ROOMS = 50
export const MENTIONS_MAX = 50
/** Different emoji on one message. */
export const REACTIONS_MAX_PER_MESSAGE = 50

/** How long a room may choose to keep its messages, where the server's settings say nothing. */
export const ROOM_DAYS_MAX = 3_650
/** Of a message, in an inbox item. */
export const PREVIEW_MAX_CHARS = 140
/** Items in an inbox; a new one pushes the oldest out. */
export const INBOX_MAX_ITEMS = 1_000
/** Devices of a person that pushes go to; a new one drops the one that was renewed longest ago. */
export const PUSH_DEVICES_MAX = 20
export const PUSH_ENDPOINT_MAX_CHARS = 1_000

export const AUTH_DEADLINE_MS = 10_000
export const HEARTBEAT_MS = 25_000
export const TYPING_INTERVAL_MS = 3_000
export const TYPING_EXPIRES_MS = 6_000
/** Above this many members nobody is told who types, and watermarks go to one's own devices only. */
export const SMALL_ROOM_MAX_MEMBERS = 200
export const BAD_FRAMES_MAX = 10
export const BAD_FRAMES_WINDOW_MS = 60_000
export const STREAM_COMMENT_MS = 15_000
export const POLL_MAX_MS = 25_000
/** Who is in a call says so this often. */
export const CALL_HERE_MS = 5_000

/** What `hello` tells a client, in the contract's own names. */
export const publishedLimits = {
  username_min_chars: USERNAME_MIN_CHARS,
  username_max_chars: USERNAME_MAX_CHARS,
  name_max_chars: NAME_MAX_CHARS,
  password_min_chars: PASSWORD_MIN_CHARS,
  password_max_chars: PASSWORD_MAX_CHARS,
  body_max_chars: BODY_MAX_CHARS,
  client_id_min_chars: CLIENT_ID_MIN_CHARS,
  client_id_max_chars: CLIENT_ID_MAX_CHARS,
  frame_max_bytes: FRAME_MAX_BYTES,
  json_body_max_bytes: JSON_BODY_MAX_BYTES,
  list_max_items: LIST_MAX_ITEMS,
  list_default_items: LIST_DEFAULT_ITEMS,
  group_names_max: GROUP_NAMES_MAX,
  files_per_message_max: FILES_PER_MESSAGE_MAX,
  watch_max_users: WATCH_MAX_USERS,
  unread_cap: UNREAD_CAP,
  query_max_chars: QUERY_MAX_CHARS,
  ready_max_rooms: READY_MAX_ROOMS,
  log_max_rooms: LOG_MAX_ROOMS,
  auth_deadline_ms: AUTH_DEADLINE_MS,
  typing_interval_ms: TYPING_INTERVAL_MS,
  typing_expires_ms: TYPING_EXPIRES_MS,
  small_room_max_members: SMALL_ROOM_MAX_MEMBERS,
} as const

export type PublishedLimits = typeof publishedLimits
