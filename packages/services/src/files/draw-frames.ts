/** Frames that lie upon each other, as the pictures that people see one after the other. */
import type { AnimatedPng, PngFrame } from './read-animated-png.ts'

const CHANNELS = 4

/** `decode` answers the pixels of a frame, four bytes each. All pictures below one another. */
export async function drawFrames(
  { width, height, frames }: AnimatedPng,
  decode: (frame: PngFrame) => Promise<Uint8Array>,
): Promise<Buffer> {
  const size = width * height * CHANNELS
  const all = Buffer.alloc(size * frames.length)
  const canvas = Buffer.alloc(size)
  for (const [index, frame] of frames.entries()) {
    const before = frame.dispose === 'restore' ? Buffer.from(canvas) : undefined
    lay(canvas, width, frame, await decode(frame))
    canvas.copy(all, index * size)
    if (before !== undefined) before.copy(canvas)
    else if (frame.dispose === 'clear') clear(canvas, width, frame)
  }
  return all
}

function lay(canvas: Buffer, width: number, frame: PngFrame, pixels: Uint8Array): void {
  if (pixels.length !== frame.width * frame.height * CHANNELS) throw new Error('a frame of the wrong size')
  for (let row = 0; row < frame.height; row++) {
    const from = row * frame.width * CHANNELS
    const to = ((frame.y + row) * width + frame.x) * CHANNELS
    const line = pixels.subarray(from, from + frame.width * CHANNELS)
    if (frame.blend === 'replace') canvas.set(line, to)
    else layOver(canvas, to, line)
  }
}

/** Each pixel over what is there, by its own opacity. */
function layOver(canvas: Buffer, to: number, line: Uint8Array): void {
  for (let n = 0; n < line.length; n += CHANNELS) {
    const alpha = (line[n + 3] ?? 0) / 255
    if (alpha === 0) continue
    const behind = ((canvas[to + n + 3] ?? 0) / 255) * (1 - alpha)
    const sum = alpha + behind
    for (let c = n; c < n + 3; c++)
      canvas[to + c] = Math.round(((line[c] ?? 0) * alpha + (canvas[to + c] ?? 0) * behind) / sum)
    canvas[to + n + 3] = Math.round(sum * 255)
  }
}

function clear(canvas: Buffer, width: number, { x, y, width: wide, height }: PngFrame): void {
  for (let row = y; row < y + height; row++) {
    const at = (row * width + x) * CHANNELS
    canvas.fill(0, at, at + wide * CHANNELS)
  }
}
