/**
 * How bytes travel between two processes: one HTTP request a file, on the internal server. What is said about the bytes
 * stands in a header, as JSON in base64.
 */
import type { FileRequest, Upload } from '@parley/contracts'
import { z } from 'zod'
import type { WireError } from '../rpc/wire.ts'

export const UPLOAD_PATH = '/files/upload'
export const OPEN_PATH = '/files/open'
export const ABOUT_HEADER = 'x-parley-about'
/** Neither end hears anything of the other for this long. A large picture takes half of it to be worked on. */
export const FILE_SILENCE_MS = 90_000

const context = { request: z.string(), trace: z.string().optional() }
export const aboutUpload = z.object({
  user: z.string(),
  name: z.string(),
  announcedBytes: z.int().exactOptional(),
  ...context,
})
export const aboutOpen = z.object({
  user: z.string(),
  id: z.string(),
  variant: z.enum(['original', 'thumbnail']),
  range: z.string().exactOptional(),
  known: z.string().exactOptional(),
  headOnly: z.boolean().exactOptional(),
  ...context,
})
export const aboutAnswer = z.object({
  status: z.union([z.literal(200), z.literal(206), z.literal(304), z.literal(416)]),
  name: z.string(),
  type: z.string(),
  disposition: z.enum(['inline', 'attachment']),
  totalBytes: z.int(),
  start: z.int(),
  end: z.int(),
  tag: z.string(),
})

export type About = (Upload | FileRequest) & { readonly request: string; readonly trace?: string | undefined }
/** The body of every answer but an opened file. */
export interface ErrorAnswer {
  readonly error: WireError
}

export function encodeAbout(about: object): string {
  return Buffer.from(JSON.stringify(about)).toString('base64')
}

/** Throws for what is not ours. */
export function decodeAbout<Schema extends z.ZodType>(
  schema: Schema,
  header: string | string[] | undefined,
): z.output<Schema> {
  return schema.parse(JSON.parse(Buffer.from(String(header), 'base64').toString('utf8')))
}
