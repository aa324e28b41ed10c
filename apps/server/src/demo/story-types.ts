/** The demo as data: who says what where. User names stand for people. */
export interface Person {
  readonly username: string
  readonly name: string
}

export interface Line {
  readonly by: string
  readonly says: string
  /** Name of this line, for a later one to answer. */
  readonly as?: string
  /** The line it answers. */
  readonly to?: string
  /** What it was changed into afterwards. */
  readonly thenEdited?: string
  /** Emoji and who gave it. */
  readonly liked?: Readonly<Record<string, readonly string[]>>
  /** By whom it was pinned. */
  readonly pinnedBy?: string
}

export interface Conversation {
  /** Part of the keys that make a second run change nothing; never change it. */
  readonly key: string
  readonly kind: 'public' | 'group' | 'direct'
  /** Empty in direct conversations. */
  readonly name: string
  /** The first one opens the room. */
  readonly members: readonly string[]
  readonly lines: readonly Line[]
  /** Who has not read the end yet, so that a visitor finds something unread. */
  readonly unreadFor?: readonly string[]
}
