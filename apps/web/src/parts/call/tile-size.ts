import type { TileSize } from '@parley/sdk/calls/call-types'

/** Widths in pixels of the screen from which a larger picture is worth its bytes: cameras send 320, 640 and 1280. */
const MIDDLE_FROM_PX = 360
const LARGE_FROM_PX = 800

/** `width` in CSS pixels; `density` of the screen counts up to 2, more is not seen in a moving picture. */
export function tileSize(width: number, density: number): TileSize {
  const pixels = width * Math.min(Math.max(density, 1), 2)
  if (pixels < MIDDLE_FROM_PX) return 'small'
  return pixels < LARGE_FROM_PX ? 'middle' : 'large'
}
