import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { makeGif } from '../../../../tests/support/pictures.ts'
import { createMakePicture } from './make-picture.ts'

const make = createMakePicture()
const colour = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#2a7' } })

describe('a picture', () => {
  it('is turned the way it was held, and nothing tells where', async () => {
    const photo = await colour(60, 40)
      .withExif({
        IFD0: { Copyright: 'somebody', Orientation: '6' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '21/1 2/1 0/1' },
      })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    expect((await sharp(photo).metadata()).exif).toBeDefined()
    const picture = await make(photo)
    expect([picture.type, picture.width, picture.height]).toEqual(['image/jpeg', 40, 60])
    const facts = await sharp(picture.content).metadata()
    expect([facts.exif, facts.xmp, facts.iptc, facts.orientation]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(Buffer.from(picture.content).includes('somebody')).toBe(false)
  })

  it('has a thumbnail and a placeholder of the same shape', async () => {
    const picture = await make(await colour(2_000, 1_000).png().toBuffer())
    const thumbnail = await sharp(picture.thumbnail).metadata()
    expect([thumbnail.format, thumbnail.width, thumbnail.height]).toEqual(['webp', 640, 320])
    const tiny = await sharp(Buffer.from(picture.placeholder ?? '', 'base64')).metadata()
    expect([tiny.width, tiny.height]).toEqual([16, 8])
  })

  it('that is small is not made larger', async () => {
    const { thumbnail } = await make(await colour(20, 10).png().toBuffer())
    expect((await sharp(thumbnail).metadata()).width).toBe(20)
  })

  it('that moves still does, small too', async () => {
    const picture = await make(makeGif(12, 10, 4))
    expect([picture.type, picture.width, picture.height]).toEqual(['image/gif', 12, 10])
    for (const content of [picture.content, picture.thumbnail])
      expect((await sharp(content, { animated: true }).metadata()).pages).toBe(4)
  })

  it('in AVIF becomes WebP', async () => {
    const picture = await make(await colour(32, 32).avif({ effort: 0 }).toBuffer())
    expect([picture.type, picture.endings]).toEqual(['image/webp', ['webp']])
  })

  it('keeps what is transparent', async () => {
    const { content } = await make(
      await sharp({ create: { width: 8, height: 8, channels: 4, background: '#0000' } })
        .png()
        .toBuffer(),
    )
    expect((await sharp(content).metadata()).hasAlpha).toBe(true)
  })

  it('of a megapixel of many is made while others wait, none is lost', async () => {
    const source = await colour(1_000, 1_000).jpeg().toBuffer()
    const made = await Promise.all(Array.from({ length: 6 }, () => make(source)))
    expect(made.map(({ width }) => width)).toEqual(Array.from({ length: 6 }, () => 1_000))
  })
})
