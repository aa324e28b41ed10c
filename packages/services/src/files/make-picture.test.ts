import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { makeAnimatedPng, makeGif } from '../../../../tests/support/pictures.ts'
import { createPictureMaker, PICTURE_MAX_FRAMES } from './make-picture.ts'

const maker = createPictureMaker()
const make = (source: Uint8Array) => maker.make(async () => source)
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

  it('that moves as PNG becomes a WebP that moves, frame upon frame', async () => {
    const source = makeAnimatedPng(20, 10, [
      { colour: [255, 0, 0], delay: 10 },
      { colour: [0, 255, 0], at: [10, 0, 10, 10], delay: 20, dispose: 2 },
      { colour: [0, 0, 255], at: [0, 5, 5, 5], delay: 30, dispose: 1 },
      { colour: [0, 255, 0], at: [19, 9, 1, 1], delay: 40 },
    ])
    const picture = await make(source)
    expect([picture.type, picture.endings, picture.width, picture.height]).toEqual([
      'image/webp',
      ['webp'],
      20,
      10,
    ])
    const facts = await sharp(picture.content, { animated: true }).metadata()
    expect([facts.pages, facts.delay, facts.loop]).toEqual([4, [100, 200, 300, 400], 3])
    expect((await sharp(picture.thumbnail, { animated: true }).metadata()).pages).toBe(4)
    const at = async (page: number, left: number, top: number) => {
      const pixel = await sharp(picture.content, { page })
        .ensureAlpha()
        .extract({ left, top, width: 1, height: 1 })
        .raw()
        .toBuffer()
      return [...pixel].map((value) => (value > 127 ? 1 : 0)).join('')
    }
    expect([await at(0, 2, 2), await at(0, 15, 5)]).toEqual(['1001', '1001'])
    expect([await at(1, 2, 2), await at(1, 15, 5)]).toEqual(['1001', '0101'])
    // What was laid before is restored, what was laid then is cleared.
    expect([await at(2, 15, 5), await at(2, 2, 7)]).toEqual(['1001', '0011'])
    expect([await at(3, 2, 7), await at(3, 2, 2)]).toEqual(['0000', '1001'])
  })

  it.each([
    ['a frame beyond the picture', { at: [15, 0, 10, 10] as const }, 2],
    ['a frame without pixels', { at: [0, 0, 0, 5] as const }, 2],
    ['fewer frames than it says', {}, 3],
    ['an unknown way to lay a frame', { dispose: 7 }, 2],
  ])('that moves as PNG and has %s is damaged', async (_, second, count) => {
    const source = makeAnimatedPng(
      20,
      10,
      [{ colour: [255, 0, 0] }, { colour: [0, 255, 0], ...second }],
      count,
    )
    await expect(make(source)).rejects.toMatchObject({ details: { rule: 'picture_damaged' } })
  })

  it('that moves as PNG with more frames than we draw is too large', async () => {
    const frames = Array.from({ length: PICTURE_MAX_FRAMES + 1 }, () => ({ colour: [0, 0, 0] as const }))
    await expect(make(makeAnimatedPng(2, 2, frames))).rejects.toMatchObject({
      details: { rule: 'picture_too_large' },
    })
  })

  it('that becomes a square shows the middle, stands still and is small', async () => {
    const square = (source: Uint8Array) => maker.makeSquare(async () => source)
    const wide = await square((await make(await colour(2_000, 1_000).png().toBuffer())).content)
    expect([wide.type, wide.width, wide.height]).toEqual(['image/webp', 512, 512])
    const moving = await square((await make(makeGif(12, 10, 4))).content)
    expect([moving.width, moving.height]).toEqual([10, 10])
    expect((await sharp(moving.content).metadata()).pages ?? 1).toBe(1)
  })

  it('that waits for its turn is not in memory yet', async () => {
    const source = await colour(32, 32).png().toBuffer()
    const release = Promise.withResolvers<void>()
    let read = 0
    const all = Array.from({ length: 10 }, () =>
      maker.make(async () => {
        read++
        await release.promise
        return source
      }),
    )
    await new Promise((resolve) => setImmediate(resolve))
    expect(read).toBe(2)
    release.resolve()
    await Promise.all(all)
    expect(read).toBe(10)
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
