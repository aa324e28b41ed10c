import { open } from 'node:fs/promises'

/**
 * A picture that is as hard to compress as a real camera's: texture that moves, and some noise. Chromium's own made-up
 * camera shows a disc on one colour, which fits into any bandwidth and would show nothing of fitting.
 */

export const CAMERA = { width: 640, height: 360, framesPerSecond: 20, frames: 60 } as const
/** Of the noise, of 255: a webcam's in a lit room. */
const NOISE = 12
/** Pixels per frame. */
const SPEED = 4

/** Writes it as Y4M, which Chromium plays in a loop (`--use-file-for-fake-video-capture`). */
export async function writeCamera(path: string): Promise<void> {
  const { width, height, framesPerSecond, frames } = CAMERA
  const file = await open(path, 'w')
  try {
    await file.write(`YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420jpeg\n`)
    const random = createRandom()
    const grey = Buffer.alloc((width * height) / 2, 128)
    for (let number = 0; number < frames; number++) {
      const light = Buffer.alloc(width * height)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          light[y * width + x] = lightAt(x + number * SPEED, y) + random() * NOISE
      await file.write('FRAME\n')
      await file.write(light)
      await file.write(grey)
    }
  } finally {
    await file.close()
  }
}

/** Waves of several lengths, between 40 and 200. */
function lightAt(x: number, y: number): number {
  return 120 + 30 * Math.sin(x / 40 + y / 70) + 25 * Math.sin(x / 9 - y / 13) + 25 * Math.sin(x / 4 + y / 3)
}

/** The same numbers in every run, in [0, 1). */
function createRandom(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
