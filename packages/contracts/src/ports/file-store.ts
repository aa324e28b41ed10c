/**
 * Where the bytes of files lie, by key.
 *
 * Order: what `put` has resolved is read whole by every later `get`. Atomicity: a key has all of its bytes or is not
 * there; a `put` that fails or is cut leaves nothing behind. Loss: none once `put` has resolved, also when the power
 * fails. Errors: `unavailable` where there is no room left or the store does not answer. Cost: memory does not grow
 * with the size of a file.
 */
export interface ByteRange {
  /** First byte. */
  readonly start: number
  /** Last byte, included. */
  readonly end: number
}

export interface FileStore {
  /** Stores what comes until the end; an error of `content` is thrown on. A key is written once. Resolves with the number of bytes. */
  put(key: string, content: AsyncIterable<Uint8Array>): Promise<number>
  /** All bytes or some; undefined for a key that is not there. The range must lie within the file. */
  get(key: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  /** What is not there is no error. */
  delete(key: string): Promise<void>
  exists(key: string): Promise<boolean>
  /** Removes what cut uploads of dead processes left behind. */
  cleanUp(): Promise<void>
  /** Lets connections go. Idempotent. */
  close(): void
}

const KEY = /^[A-Za-z0-9_-]{1,64}(\.[a-z]{1,16})?$/

/** Keys are names of files in every store: nothing that could lead elsewhere. Throws for a defect of ours. */
export function assertFileKey(key: string): void {
  if (!KEY.test(key)) throw new Error('not a key of a file')
}
