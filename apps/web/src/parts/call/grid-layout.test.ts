import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitGrid, fitOf } from './grid-layout.ts'
import { tileSize } from './tile-size.ts'

describe('the grid of tiles', () => {
  it('fits its place, holds everybody, and keeps to the shapes of cameras', () => {
    const side = fc.integer({ min: 200, max: 3_000 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), side, side, (count, width, height) => {
        const grid = fitGrid(count, width, height, 8)
        expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count)
        expect(grid.columns * (grid.rows - 1)).toBeLessThan(count)
        expect(grid.columns * grid.width + (grid.columns - 1) * 8).toBeLessThanOrEqual(width)
        expect(grid.rows * grid.height + (grid.rows - 1) * 8).toBeLessThanOrEqual(height)
        expect(grid.width * grid.height).toBeGreaterThan(0)
        // A pixel is lost to rounding.
        expect(grid.width / (grid.height + 1)).toBeLessThanOrEqual(16 / 9)
        expect((grid.width + 1) / grid.height).toBeGreaterThanOrEqual(width > height ? 4 / 3 : 3 / 4)
      }),
    )
  })

  it('has the shape one expects of a desk and of a phone', () => {
    const shape = (count: number, width: number, height: number) => {
      const { columns, rows } = fitGrid(count, width, height, 8)
      return [columns, rows]
    }
    expect(shape(1, 880, 640)).toEqual([1, 1])
    expect(shape(4, 880, 640)).toEqual([2, 2])
    expect(shape(25, 880, 640)).toEqual([5, 5])
    expect(shape(2, 340, 560)).toEqual([1, 2])
    expect(shape(6, 340, 560)).toEqual([2, 3])
    expect(shape(3, 1_900, 500)).toEqual([3, 1])
  })

  it('has tiles without size where there is no place', () => {
    expect(fitGrid(4, 0, 0, 8)).toMatchObject({ width: 0, height: 0 })
    expect(fitGrid(0, 100, 100, 8)).toMatchObject({ width: 0, rows: 1 })
  })
})

describe('a picture in its tile', () => {
  const wide = { width: 1_280, height: 720 }
  const upright = { width: 720, height: 1_280 }
  it('fills it while little is cropped, and is shown whole otherwise', () => {
    expect(fitOf(wide, { width: 800, height: 600 })).toBe('cover')
    expect(fitOf(wide, { width: 300, height: 400 })).toBe('cover')
    expect(fitOf(wide, { width: 340, height: 560 })).toBe('contain')
    expect(fitOf(upright, { width: 800, height: 450 })).toBe('contain')
  })
  it('fills a small tile always, and one whose picture has not come', () => {
    expect(fitOf(upright, { width: 239, height: 134 })).toBe('cover')
    expect(fitOf({ width: 0, height: 0 }, { width: 800, height: 450 })).toBe('cover')
  })
})

it('a picture is asked for as large as it is seen', () => {
  expect(tileSize(179, 2)).toBe('small')
  expect(tileSize(180, 2)).toBe('middle')
  expect(tileSize(799, 1)).toBe('middle')
  expect(tileSize(800, 1)).toBe('large')
  // More than two pixels for one are not seen in what moves.
  expect(tileSize(179, 3)).toBe('small')
})
