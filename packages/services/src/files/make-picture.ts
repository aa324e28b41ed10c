/**
 * Pictures are made anew from their pixels: what the camera noted (where it was taken), what was appended, and what only
 * some other program would find in the file is gone; it is turned the way it is meant to be seen.
 */
import { FILE_PLACEHOLDER_MAX_CHARS, ParleyError } from '@parley/protocol'
import sharp, { type Metadata, type Sharp } from 'sharp'

/** Compressed; it is held in memory while it is worked on. */
export const PICTURE_MAX_BYTES = 32 * 1024 * 1024
/** Of all frames together. Twelve times a screen of 4K; each costs four bytes while it is worked on. */
export const PICTURE_MAX_PIXELS = 100_000_000
export const PICTURE_MAX_SIDE = 16_000
export const PICTURE_MAX_FRAMES = 1_000
/** The longer side. */
const THUMBNAIL_MAX_PIXELS = 640
const PLACEHOLDER_PIXELS = 16
const WORK_MAX_SECONDS = 30
const JPEG_QUALITY = 88
const WEBP_QUALITY = 90
const THUMBNAIL_QUALITY = 75
const PLACEHOLDER_QUALITY = 30
/** Each holds a picture's pixels. */
const AT_ONCE = 2

export interface Picture {
  readonly content: Uint8Array
  readonly type: string
  readonly endings: readonly string[]
  readonly width: number
  readonly height: number
  readonly thumbnail: Uint8Array
  /** Base64; undefined where it would be long. */
  readonly placeholder: string | undefined
}

type Format = 'jpeg' | 'png' | 'gif' | 'webp'

const outputs: Readonly<
  Record<string, { format: Format; type: string; endings: readonly string[] } | undefined>
> = {
  jpeg: { format: 'jpeg', type: 'image/jpeg', endings: ['jpg', 'jpeg'] },
  png: { format: 'png', type: 'image/png', endings: ['png'] },
  gif: { format: 'gif', type: 'image/gif', endings: ['gif'] },
  webp: { format: 'webp', type: 'image/webp', endings: ['webp'] },
  // Writing AVIF takes seconds a picture.
  heif: { format: 'webp', type: 'image/webp', endings: ['webp'] },
}

export type MakePicture = (source: Uint8Array) => Promise<Picture>

/** Throws `file_refused` for what is damaged or too large to be worked on. */
export function createMakePicture(): MakePicture {
  // Nothing of one person's picture lies around while the next one's is worked on.
  sharp.cache(false)
  sharp.concurrency(1)
  let free = AT_ONCE
  const waiting: (() => void)[] = []

  return async (source) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    try {
      return await makePicture(source)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

async function makePicture(source: Uint8Array): Promise<Picture> {
  const input = (animated: boolean): Sharp =>
    sharp(source, { limitInputPixels: PICTURE_MAX_PIXELS, failOn: 'error', animated })
  // Only the header is read here, so that what is too large is told apart from what is damaged.
  const facts = await decode(() => sharp(source, { limitInputPixels: false }).metadata())
  const output = outputs[facts.format ?? '']
  if (output === undefined) throw damaged()
  refuseHuge(facts)
  const animated = (facts.pages ?? 1) > 1 && (output.format === 'gif' || output.format === 'webp')
  return decode(async () => {
    const upright = input(animated).autoOrient().timeout({ seconds: WORK_MAX_SECONDS })
    const content = await encode(upright, output.format).toBuffer()
    const made = await sharp(content, { animated }).metadata()
    const small = (side: number, moving: boolean): Sharp =>
      sharp(content, { animated: moving })
        .timeout({ seconds: WORK_MAX_SECONDS })
        .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    const thumbnail = await small(THUMBNAIL_MAX_PIXELS, animated)
      .webp({ quality: THUMBNAIL_QUALITY, effort: 2 })
      .toBuffer()
    const tiny = await small(PLACEHOLDER_PIXELS, false).webp({ quality: PLACEHOLDER_QUALITY }).toBuffer()
    const placeholder = tiny.toString('base64')
    return {
      content,
      type: output.type,
      endings: output.endings,
      width: made.width,
      height: made.pageHeight ?? made.height,
      thumbnail,
      placeholder: placeholder.length <= FILE_PLACEHOLDER_MAX_CHARS ? placeholder : undefined,
    }
  })
}

function encode(picture: Sharp, format: Format): Sharp {
  switch (format) {
    case 'jpeg':
      return picture.jpeg({ quality: JPEG_QUALITY })
    case 'png':
      return picture.png()
    case 'gif':
      return picture.gif({ effort: 3 })
    case 'webp':
      return picture.webp({ quality: WEBP_QUALITY, effort: 2 })
  }
}

/** By what the header says, before a pixel is made. */
function refuseHuge({ width, height, pageHeight, pages = 1 }: Metadata): void {
  const tall = pageHeight ?? height
  if (
    width > PICTURE_MAX_SIDE ||
    tall > PICTURE_MAX_SIDE ||
    pages > PICTURE_MAX_FRAMES ||
    width * tall * pages > PICTURE_MAX_PIXELS
  )
    throw new ParleyError('file_refused', {
      message: 'This picture has too many pixels.',
      details: { rule: 'picture_too_large', max_pixels: PICTURE_MAX_PIXELS, max_side: PICTURE_MAX_SIDE },
    })
}

function damaged(cause?: unknown): ParleyError {
  return new ParleyError('file_refused', {
    message: 'This picture is damaged.',
    details: { rule: 'picture_damaged' },
    cause,
  })
}

async function decode<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ParleyError ? error : damaged(error)
  }
}
