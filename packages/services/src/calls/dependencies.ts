import type { Bus, Clock, Database, Log, NewId, RoomsService } from '@parley/contracts'
import type { IceServer } from '@parley/protocol/calls'
import type { MediaPlacement } from './media/media-placement.ts'

export interface CallsDependencies {
  readonly database: Database
  readonly bus: Bus
  readonly clock: Clock
  readonly newId: NewId
  /** Nobody guesses it. */
  readonly newSecret: () => string
  readonly log: Log
  readonly rooms: Pick<RoomsService, 'callRoom' | 'appendCallLine' | 'memberMarks'>
  /** Where calls go that browsers cannot carry between them. */
  readonly placement: MediaPlacement
  /** STUN and TURN for somebody, with credentials made now. */
  readonly iceServers: (user: string) => IceServer[]
}
