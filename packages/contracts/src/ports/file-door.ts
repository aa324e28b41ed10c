/**
 * The way of bytes in and out of the files service: streams, which calls between services do not carry. Straight in
 * one process, over the internal server between two.
 *
 * Errors: `ParleyError` only. Cost: one buffer a stream, however large the file.
 */
import type { FileShape } from '@parley/protocol'
import type { CallContext } from '../contract.ts'

export interface Upload {
  readonly user: string
  /** As the sender gave it; not trusted. */
  readonly name: string
  /** Nearly the size, where the sender told it: enough to refuse before a byte is read. */
  readonly announcedBytes?: number
}

export interface FileRequest {
  readonly user: string
  readonly id: string
  readonly variant: 'original' | 'thumbnail'
  /** Only what would be answered, without a byte of content. */
  readonly headOnly?: boolean
  /** The header `Range`, as it came; undefined or not understood: everything. */
  readonly range?: string
  /** The header `If-None-Match`. */
  readonly known?: string
}

/** How an answer may be shown: decided where the type is known, carried to where headers are written. */
export interface FileAnswer {
  /** 304 and 416 have no content, nor has what was asked for with `headOnly`. */
  readonly status: 200 | 206 | 304 | 416
  readonly name: string
  readonly type: string
  readonly disposition: 'inline' | 'attachment'
  /** Of the whole file. */
  readonly totalBytes: number
  readonly start: number
  readonly end: number
  readonly tag: string
}

export interface OpenedFile extends FileAnswer {
  /** Read to the end or returned early by who reads it; undefined without content. */
  readonly content: AsyncIterable<Uint8Array> | undefined
}

export interface FileDoor {
  /**
   * Resolves when the file is stored. Throws `forbidden`, `file_too_large`, `quota_exceeded`, `file_refused`,
   * `unavailable`, and what `content` throws; then nothing of it is kept.
   */
  upload(input: Upload, content: AsyncIterable<Uint8Array>, context?: CallContext): Promise<FileShape>
  /** Throws `not_found` for what is not there and for what this user may not see, alike. */
  open(request: FileRequest, context?: CallContext): Promise<OpenedFile>
}
