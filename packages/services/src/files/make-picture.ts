/**
 * Pictures are made anew from their pixels: what the camera noted (where it was taken), what was appended, and what only
 * some other program would find in the file is gone; it is turned the way it is meant to be seen.
 */
import { FILE_PLACEHOLDER_MAX_CHARS, ParleyError } from '@parley/protocol'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { drawFrames } from './draw-frames.ts'
import { type AnimatedPng, readAnimatedPng } from './read-animated-png.ts'

/** Compressed; it is held in memory while it is worked on. */
export const PICTURE_MAX_BYTES = 32 * 1024 * 1024
/** Of all frames together. Twelve times a screen of 4K; each costs four bytes while it is worked on. */
export const PICTURE_MAX_PIXELS = 100_000_000
/** Of all frames: they are in memory at once. */
export const ANIMATED_PNG_MAX_PIXELS = 25_000_000
export const PICTURE_MAX_SIDE = 16_000
export const PICTURE_MAX_FRAMES = 1_000
/** The longer side. */
const THUMBNAIL_MAX_PIXELS = 640
const PLACEHOLDER_PIXELS = 16
/** Of avatars and room pictures. */
export const SQUARE_MAX_SIDE = 512
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

interface Output {
  readonly format: Format
  readonly type: string
  readonly endings: readonly string[]
}

const WEBP: Output = { format: 'webp', type: 'image/webp', endings: ['webp'] }

const outputs: Readonly<Record<string, Output | undefined>> = {
  jpeg: { format: 'jpeg', type: 'image/jpeg', endings: ['jpg', 'jpeg'] },
  png: { format: 'png', type: 'image/png', endings: ['png'] },
  gif: { format: 'gif', type: 'image/gif', endings: ['gif'] },
  webp: WEBP,
  // Writing AVIF takes seconds a picture.
  heif: WEBP,
}

/** `read` is called once it is this picture's turn: those that wait hold no memory. */
export type MakePicture = (read: () => Promise<Uint8Array>) => Promise<Picture>

export interface PictureMaker {
  /** Throws `file_refused` for what is damaged or too large to be worked on. */
  readonly make: MakePicture
  /** The middle of a picture that `make` made, as a square that stands still. */
  readonly makeSquare: MakePicture
}

export function createPictureMaker(): PictureMaker {
  // Nothing of one person's picture lies around while the next one's is worked on.
  sharp.cache(false)
  sharp.concurrency(1)
  let free = AT_ONCE
  const waiting: (() => void)[] = []

  const oneOfFew =
    (work: (source: Uint8Array) => Promise<Picture>): MakePicture =>
    async (read) => {
      if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      else free--
      try {
        return await work(await read())
      } finally {
        const next = waiting.shift()
        if (next === undefined) free++
        else next()
      }
    }
  return { make: oneOfFew(makePicture), makeSquare: oneOfFew(makeSquare) }
}

async function makeSquare(source: Uint8Array): Promise<Picture> {
  return decode(async () => {
    const { width, height, pageHeight } = await sharp(source).metadata()
    const side = Math.min(width, pageHeight ?? height, SQUARE_MAX_SIDE)
    const content = await sharp(source, { limitInputPixels: PICTURE_MAX_PIXELS })
      .timeout({ seconds: WORK_MAX_SECONDS })
      .resize({ width: side, height: side, fit: 'cover' })
      .webp({ quality: WEBP_QUALITY })
      .toBuffer()
    return describe(content, WEBP, false)
  })
}

async function makePicture(source: Uint8Array): Promise<Picture> {
  const input = (animated: boolean): Sharp =>
    sharp(source, { limitInputPixels: PICTURE_MAX_PIXELS, failOn: 'error', animated })
  // Only the header is read here, so that what is too large is told apart from what is damaged.
  const facts = await decode(() => sharp(source, { limitInputPixels: false }).metadata())
  const output = outputs[facts.format ?? '']
  if (facts.compression === 'hevc') throw unsupported()
  if (output === undefined) throw damaged()
  refuseHuge(facts, PICTURE_MAX_PIXELS)
  const moving = output.format === 'png' ? readFrames(source) : undefined
  if (moving !== undefined) return makeAnimated(moving)
  const animated = (facts.pages ?? 1) > 1 && (output.format === 'gif' || output.format === 'webp')
  return decode(async () => {
    const upright = input(animated).autoOrient().timeout({ seconds: WORK_MAX_SECONDS })
    return describe(await encode(upright, output.format).toBuffer(), output, animated)
  })
}

/** What is shown before, and instead of, the whole picture. */
async function describe(content: Uint8Array, { type, endings }: Output, animated: boolean): Promise<Picture> {
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
    type,
    endings,
    width: made.width,
    height: made.pageHeight ?? made.height,
    thumbnail,
    placeholder: placeholder.length <= FILE_PLACEHOLDER_MAX_CHARS ? placeholder : undefined,
  }
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
function refuseHuge(
  { width, height, pageHeight, pages = 1 }: Pick<Metadata, 'width' | 'height' | 'pageHeight' | 'pages'>,
  maxPixels: number,
): void {
  const tall = pageHeight ?? height
  if (
    width > PICTURE_MAX_SIDE ||
    tall > PICTURE_MAX_SIDE ||
    pages > PICTURE_MAX_FRAMES ||
    width * tall * pages > maxPixels
  )
    throw new ParleyError('file_refused', {
      message: 'This picture has too many pixels.',
      details: { rule: 'picture_too_large', max_pixels: maxPixels, max_side: PICTURE_MAX_SIDE },
    })
}

/** HEVC, in which telephones of one maker keep pictures: nobody may decode it without paying, few browsers do. */
export function unsupported(): ParleyError {
  return new ParleyError('file_refused', {
    message: 'Pictures of this kind (HEIC) cannot be shown here; send it as JPEG.',
    details: { rule: 'picture_unsupported' },
  })
}

function readFrames(source: Uint8Array): AnimatedPng | undefined {
  try {
    return readAnimatedPng(Buffer.from(source.buffer, source.byteOffset, source.byteLength))
  } catch (error) {
    throw damaged(error)
  }
}

/** An animated PNG becomes an animated WebP, which is smaller and which we can read again. */
async function makeAnimated(animation: AnimatedPng): Promise<Picture> {
  const { width, height, plays, frames } = animation
  refuseHuge({ width, height, pages: frames.length }, ANIMATED_PNG_MAX_PIXELS)
  return decode(async () => {
    const drawn = await drawFrames(animation, (frame) =>
      sharp(frame.encode(), { failOn: 'error' })
        .toColourspace('srgb')
        .ensureAlpha()
        .raw({ depth: 'uchar' })
        .toBuffer(),
    )
    const raw = { width, height: height * frames.length, channels: 4, pageHeight: height } as const
    const content = await sharp(drawn, { raw, limitInputPixels: PICTURE_MAX_PIXELS })
      .timeout({ seconds: WORK_MAX_SECONDS })
      .webp({ quality: WEBP_QUALITY, effort: 2, loop: plays, delay: frames.map(({ delayMs }) => delayMs) })
      .toBuffer()
    return describe(content, WEBP, true)
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
