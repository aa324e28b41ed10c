import type { AuthService, Clock, Database, FileStore, Log, NewId, RoomsService } from '@parley/contracts'

export interface FileLimits {
  /** Of one file. */
  readonly fileMaxBytes: number
  /** Of all files of a person. */
  readonly userMaxBytes: number
  /** Of all files there are. */
  readonly totalMaxBytes: number
}

export interface FilesDependencies {
  readonly database: Database
  readonly store: FileStore
  readonly limits: FileLimits
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  readonly auth: Pick<AuthService, 'getPermissions'>
  readonly rooms: Pick<RoomsService, 'canReadFile' | 'filesInUse' | 'droppedFiles' | 'forgetDroppedFiles'>
}
