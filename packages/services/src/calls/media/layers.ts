/** How large somebody wants whose picture. */
import type { TrackSource } from '@parley/protocol/calls'

export interface Layer {
  readonly user: string
  readonly source: TrackSource
  readonly layer: number
}

/** Of somebody who has said nothing: good for a tile, and half of what the large one costs. */
export const LAYER_DEFAULT = 1
/** Wishes that are remembered; the oldest are forgotten. */
const LAYERS_MAX = 200

const isSame = (a: Omit<Layer, 'layer'>, b: Omit<Layer, 'layer'>): boolean =>
  a.user === b.user && a.source === b.source

export function mergeLayers(before: readonly Layer[], wished: readonly Layer[]): Layer[] {
  const kept = before.filter((one) => !wished.some((wish) => isSame(wish, one)))
  return [...kept, ...wished].slice(-LAYERS_MAX)
}

export const layerOf = (layers: readonly Layer[], track: Omit<Layer, 'layer'>): number =>
  layers.find((one) => isSame(one, track))?.layer ?? LAYER_DEFAULT
