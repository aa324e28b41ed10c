/** Hostile pictures: each costs more than it is, or is none behind its first bytes. */
import { makeAnimatedPng, makeGif, makePng } from '../support/pictures.ts'
import { file, type HostileCase, MARK, SCRIPT, upload } from './hostile-case.ts'

const damaged = { status: 422, code: 'file_refused', rule: 'picture_damaged' } as const
const heic = { status: 422, code: 'file_refused', rule: 'picture_unsupported' } as const
const huge = { status: 422, code: 'file_refused', rule: 'picture_too_large' } as const

/** Pictures that cost more than they are, or are none behind their first bytes. */
export function bombCases(): HostileCase[] {
  const good = makePng(40, 30)
  const sides: readonly [number, number][] = [
    [20_000, 20_000],
    [65_535, 65_535],
    [16_001, 1],
    [1, 16_001],
    [15_000, 15_000],
    [100_000, 100_000],
  ]
  const cuts = [8, 12, 20, 33, 36, 41, 45, 50, 60, good.length - 20]
  const gif = makeGif(12, 10, 1)
  return [
    ...sides.map(([width, height]) =>
      upload(`PNG that says ${width} × ${height}`, file(makePng(4, 4, { claimed: [width, height] })), huge),
    ),
    upload('GIF whose frame is 65,535 × 65,535', file(hugeGif(), 'a.gif', 'image/gif'), gifRefused),
    // The reader of GIFs takes the size of what is in it where the screen is nonsense.
    upload(
      'GIF whose screen is 65,535 × 65,535',
      file(
        Buffer.concat([gif.subarray(0, 6), Buffer.from([255, 255, 255, 255]), gif.subarray(10)]),
        'a.gif',
        'image/gif',
      ),
      { harmless: 'remade' },
    ),
    upload('PNG of 2³¹ pixels a side', file(makePng(4, 4, { claimed: [0x7fffffff, 0x7fffffff] })), damaged),
    ...['heic', 'heix', 'hevc'].map((brand) =>
      upload(`HEIC (${brand}) with the place it was taken`, file(heif(brand), 'a.heic', 'image/heic'), heic),
    ),
    upload('HEIF that is none', file(heif('mif1'), 'a.heif', 'image/heif'), damaged),
    upload(
      'PNG that moves and has fewer frames than it says',
      file(makeAnimatedPng(8, 8, [{ colour: [1, 2, 3] }, { colour: [3, 2, 1] }], 3_000_000_000)),
      damaged,
    ),
    upload(
      'PNG that moves beyond its edge',
      file(
        makeAnimatedPng(8, 8, [{ colour: [1, 2, 3] }, { colour: [3, 2, 1], at: [4_294_967_295, 0, 2, 2] }]),
      ),
      damaged,
    ),
    upload(
      'PNG that moves more often than we draw',
      file(
        makeAnimatedPng(
          2,
          2,
          Array.from({ length: 1_001 }, () => ({ colour: [1, 2, 3] as const })),
        ),
      ),
      huge,
    ),
    upload('PNG that moves', file(makeAnimatedPng(8, 8, [{ colour: [1, 2, 3] }, { colour: [3, 2, 1] }])), {
      harmless: 'remade',
    }),
    upload('PNG of no pixels', file(makePng(4, 4, { claimed: [0, 0] })), damaged),
    upload('PNG with fewer pixels than it says', file(makePng(4, 4, { claimed: [400, 400] })), damaged),
    upload('PNG whose pixels are noise', file(makePng(40, 30, { pixels: Buffer.alloc(500, 0x5a) })), damaged),
    upload('PNG without pixels', file(makePng(40, 30, { pixels: Buffer.alloc(0) })), damaged),
    ...cuts.map((at) => upload(`PNG cut after ${at} bytes`, file(good.subarray(0, at)), cutOutcome(at))),
    upload(
      'GIF that is JavaScript',
      file(`GIF89a/*${'x'.repeat(40)}*/=1;alert("${MARK}")`, 'a.gif', 'image/gif'),
      gifRefused,
    ),
    upload('GIF header alone', file('GIF89a', 'a.gif', 'image/gif'), damaged),
    upload('JPEG header alone', file(Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'a.jpg', 'image/jpeg'), damaged),
    upload(
      'JPEG header before a page',
      file(
        Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), Buffer.from(SCRIPT)]),
        'a.jpg',
        'image/jpeg',
      ),
      damaged,
    ),
    upload(
      'WebP header before a page',
      file(
        Buffer.concat([Buffer.from('RIFF\x40\0\0\0WEBPVP8 '), Buffer.from(SCRIPT)]),
        'a.webp',
        'image/webp',
      ),
      damaged,
    ),
    upload(
      'AVIF header before a page',
      file(
        Buffer.concat([
          Buffer.from([0, 0, 0, 32]),
          Buffer.from('ftypavif\0\0\0\0avifmif1miafMA1A'),
          Buffer.from(SCRIPT),
        ]),
        'a.avif',
        'image/avif',
      ),
      damaged,
    ),
  ]
}

/** The first box of such a file, and a word that no reader may give back. */
function heif(brand: string): Buffer {
  const box = Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1')
  return Buffer.concat([box, Buffer.from(`Exif GPS ${MARK}`)])
}

/** Screen and frame: nothing in it says that it is small. */
function hugeGif(): Buffer {
  const gif = Buffer.from(makeGif(12, 10, 1))
  gif.fill(255, 6, 10)
  const frame = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]))
  gif.fill(255, frame + 5, frame + 9)
  return gif
}

/** Before its header is over a PNG is nothing that anybody knows. */
function cutOutcome(at: number): HostileCase['outcome'] {
  return at <= 12 ? { harmless: 'saved' } : damaged
}

const gifRefused = { status: 422, code: 'file_refused' } as const
