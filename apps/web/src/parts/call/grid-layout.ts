/** How tiles fill a stage. */

/** A tile is at most as wide as a camera's picture (width by height). */
const ASPECT_MAX = 16 / 9
/** And at least as wide as this; on an upright place, such as a phone, it may stand upright too. */
const ASPECT_MIN = { wide: 4 / 3, upright: 3 / 4 }

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Grid {
  readonly columns: number
  readonly rows: number
  /** Of each tile, in pixels. */
  readonly width: number
  readonly height: number
}

/** The grid whose tiles are largest. All tiles are alike; sizes are whole pixels, 0 where there is no place. */
export function fitGrid(count: number, width: number, height: number, gap: number): Grid {
  const aspectMin = width > height ? ASPECT_MIN.wide : ASPECT_MIN.upright
  let best: Grid = { columns: 1, rows: Math.max(1, count), width: 0, height: 0 }
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const cell = {
      width: (width - gap * (columns - 1)) / columns,
      height: (height - gap * (rows - 1)) / rows,
    }
    const tile = {
      width: Math.max(0, Math.floor(Math.min(cell.width, cell.height * ASPECT_MAX))),
      height: Math.max(0, Math.floor(Math.min(cell.height, cell.width / aspectMin))),
    }
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile }
  }
  return best
}

/** A camera's picture fills an upright tile; an upright picture in a wide place, or the other way round, is shown whole. */
const CROP_MAX = 2.4
/** Of a tile smaller than this, bars would be the larger part. */
const WHOLE_FROM_PX = 240

/** Whether a picture fills its tile or is shown whole. Sizes in pixels. */
export function fitOf(picture: Size, tile: Size): 'cover' | 'contain' {
  if (picture.height === 0 || tile.height === 0 || tile.width < WHOLE_FROM_PX) return 'cover'
  const crop = (picture.width * tile.height) / (picture.height * tile.width)
  return Math.max(crop, 1 / crop) <= CROP_MAX ? 'cover' : 'contain'
}
