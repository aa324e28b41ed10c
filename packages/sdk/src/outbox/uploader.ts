/** Uploads of the outbox while they run: how far each is, and their end. */
import { type FileShape, ParleyError } from '@parley/protocol'
import type { Parley, Store } from '../api.ts'
import type { Clock } from '../clock.ts'
import { ValueStore } from '../store/store.ts'
import type { OutboxUpload } from './outbox-upload.ts'

/** The file, or the message with it, was taken back. */
export class UploadCancelledError extends Error {
  override name = 'UploadCancelledError'
}

/** A line that died without a word would hold up its room for ever. */
const STILL_MS = 60_000

export class Uploader {
  readonly #upload: Parley['upload']
  readonly #clock: Clock
  readonly #running = new Map<string, AbortController>()
  readonly #parts = new Map<string, ValueStore<number>>()

  constructor(upload: Parley['upload'], clock: Clock) {
    this.#upload = upload
    this.#clock = clock
  }

  /** How much of it is at the server, 0 to 1, as far as this tab knows. */
  part(id: string): Store<number> {
    return this.#part(id)
  }

  /** Rejects with `UploadCancelledError` or a `ParleyError`. */
  async run({ id, name }: OutboxUpload, bytes: Blob): Promise<FileShape> {
    const abort = new AbortController()
    this.#running.set(id, abort)
    const part = this.#part(id)
    let endWait = () => {}
    const onProgress = (value: number) => {
      part.set(value)
      endWait()
      endWait = this.#clock.after(STILL_MS, () =>
        abort.abort(new ParleyError('unavailable', { message: 'The upload stood still.' })),
      )
    }
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason))
    try {
      const file = await Promise.race([
        this.#upload(bytes, { name, onProgress, signal: abort.signal }),
        aborted,
      ])
      part.set(1)
      return file
    } catch (error) {
      part.set(0)
      throw error
    } finally {
      endWait()
      if (this.#running.get(id) === abort) this.#running.delete(id)
    }
  }

  /** Ends it where it runs. */
  forget(id: string): void {
    this.#running.get(id)?.abort(new UploadCancelledError())
    this.#running.delete(id)
    this.#parts.delete(id)
  }

  close(): void {
    for (const id of [...this.#running.keys()]) this.forget(id)
    this.#parts.clear()
  }

  #part(id: string): ValueStore<number> {
    let part = this.#parts.get(id)
    if (part === undefined) {
      part = new ValueStore(0)
      this.#parts.set(id, part)
    }
    return part
  }
}
